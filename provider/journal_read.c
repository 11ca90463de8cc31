/* journal_read.c - the books as pages, accounts and sums. */
#include "provider/journal_private.h"

#include <assert.h>
#include <string.h>

struct list_job {
    const char *after;      /* "" = from the newest */
    const char *payment_id; /* just this one, or NULL */
    size_t limit;
    struct journal_account *accounts;
    size_t *count;
};

static bool refunds_load(struct journal *journal, struct journal_account *account,
                         struct error *error)
{
    struct sql_rows *rows = sql_query(
        journal->sql, error,
        "SELECT " REFUND_COLUMNS " FROM refunds WHERE payment_id = ? ORDER BY seq LIMIT ?", "ti",
        account->charge.payment_id, (int64_t)LEDGER_REFUNDS_MAX);
    if (!rows)
        return false;
    int64_t count = 0;
    bool is_row = false, is_ok;
    while ((is_ok = sql_next(rows, &is_row, error)) && is_row)
        journal_refund_row(rows, &account->refunds[count++]);
    sql_done(rows);
    assert(!is_ok || count == account->charge.refund_count);
    return is_ok;
}

static struct sql_rows *list_query(struct journal *journal, const struct list_job *job,
                                   struct error *error)
{
    static const char all[] = "SELECT " CHARGE_COLUMNS ", webhooks_sent, webhooks_acknowledged"
                              " FROM charges ORDER BY seq DESC LIMIT ?";
    static const char one[] = "SELECT " CHARGE_COLUMNS ", webhooks_sent, webhooks_acknowledged"
                              " FROM charges WHERE payment_id = ? LIMIT ?";
    static const char rest[] = "SELECT " CHARGE_COLUMNS ", webhooks_sent, webhooks_acknowledged"
                               " FROM charges WHERE seq <"
                               " (SELECT seq FROM charges WHERE payment_id = ?)"
                               " ORDER BY seq DESC LIMIT ?";
    int64_t limit = (int64_t)job->limit;
    if (job->payment_id)
        return sql_query(journal->sql, error, one, "ti", job->payment_id, limit);
    if (job->after[0] != '\0')
        return sql_query(journal->sql, error, rest, "ti", job->after, limit);
    return sql_query(journal->sql, error, all, "i", limit);
}

static bool list_work(struct journal *journal, void *argument, struct error *error)
{
    const struct list_job *job = argument;
    size_t count = 0;
    struct sql_rows *rows = list_query(journal, job, error);
    if (!rows)
        return false;
    bool is_row = false, is_ok;
    while ((is_ok = sql_next(rows, &is_row, error)) && is_row) {
        struct journal_account *account = &job->accounts[count++];
        journal_charge_row(rows, &account->charge);
        account->webhooks_sent = sql_int(rows, CHARGE_COLUMN_COUNT);
        account->webhooks_acknowledged = sql_int(rows, CHARGE_COLUMN_COUNT + 1);
    }
    sql_done(rows);
    for (size_t i = 0; i < count && is_ok; i++)
        is_ok = refunds_load(journal, &job->accounts[i], error);
    *job->count = count;
    return is_ok;
}

bool journal_list(struct journal *journal, const char *after, size_t limit,
                  struct journal_account *ret_accounts, size_t *ret_count, struct error *error)
{
    assert(limit <= JOURNAL_PAGE_MAX + 1);
    struct list_job job = { after, NULL, limit, ret_accounts, ret_count };
    return journal_run(journal, list_work, &job, error);
}

bool journal_account(struct journal *journal, const char *payment_id, bool *ret_is_found,
                     struct journal_account *ret_account, struct error *error)
{
    size_t count = 0;
    struct list_job job = { "", payment_id, 1, ret_account, &count };
    bool is_ok = journal_run(journal, list_work, &job, error);
    *ret_is_found = is_ok && count == 1;
    return is_ok;
}

struct sum_job {
    struct journal_sums *sums;
    size_t *count;
    int64_t *webhooks_pending;
};

static bool sum_work(struct journal *journal, void *argument, struct error *error)
{
    const struct sum_job *job = argument;
    *job->count = 0;
    *job->webhooks_pending = journal->webhooks_pending;
    struct sql_rows *rows = sql_query(
        journal->sql, error,
        "SELECT c.currency, c.charges, c.adopted, c.captured, c.refunded, coalesce(r.effects, 0),"
        " coalesce(r.again, 0) FROM (SELECT currency, count(*) AS charges,"
        " sum(is_adopted) AS adopted, sum(captured) AS captured, sum(refunded) AS refunded"
        " FROM charges GROUP BY currency) AS c"
        " LEFT JOIN (SELECT currency, count(*) AS effects, sum(calls_again) AS again"
        " FROM refunds GROUP BY currency) AS r ON r.currency = c.currency"
        " ORDER BY c.currency LIMIT ?",
        "i", (int64_t)JOURNAL_CURRENCIES_MAX);
    if (!rows)
        return false;
    bool is_row = false, is_ok;
    while ((is_ok = sql_next(rows, &is_row, error)) && is_row) {
        struct journal_sums *sums = &job->sums[(*job->count)++];
        *sums = (struct journal_sums){ .charges = sql_int(rows, 1),
                                       .adopted = sql_int(rows, 2),
                                       .captured = sql_int(rows, 3),
                                       .refunded = sql_int(rows, 4),
                                       .refund_effects = sql_int(rows, 5),
                                       .duplicate_refund_calls = sql_int(rows, 6) };
        sql_text(rows, 0, sums->currency, sizeof sums->currency);
    }
    sql_done(rows);
    return is_ok;
}

bool journal_sum(struct journal *journal, struct journal_sums ret_sums[JOURNAL_CURRENCIES_MAX],
                 size_t *ret_count, int64_t *ret_webhooks_pending, struct error *error)
{
    struct sum_job job = { ret_sums, ret_count, ret_webhooks_pending };
    return journal_run(journal, sum_work, &job, error);
}
