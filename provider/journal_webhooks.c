/* journal_webhooks.c - the queue of pending webhooks, in the same file and transactions as the
 * books. */
#include "provider/journal_private.h"

#include <assert.h>

bool journal_webhooks_count(struct journal *journal, struct error *error)
{
    struct sql_rows *rows = sql_query(journal->sql, error, "SELECT count(*) FROM webhooks", "");
    bool is_row = false;
    bool is_ok = rows && sql_next(rows, &is_row, error);
    if (is_ok && is_row)
        journal->webhooks_pending = sql_int(rows, 0);
    sql_done(rows);
    return is_ok;
}

bool journal_webhook_add(struct journal *journal, const struct webhook *webhook,
                         struct error *error)
{
    journal->webhooks_pending++;
    return sql_run(journal->sql, error,
                   "INSERT INTO webhooks (payment_id, intent_id, traceparent, path, body, attempts,"
                   " copies, created_ms, due_ms, is_held, is_forged)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   "tttttiiiiii", webhook->payment_id, webhook->intent_id, webhook->traceparent,
                   webhook->path, webhook->body, webhook->attempts, webhook->copies,
                   webhook->created_ms, webhook->due_ms, (int64_t)webhook->is_held,
                   (int64_t)webhook->is_forged);
}

struct next_job {
    const int64_t *busy;
    size_t busy_count;
    bool *is_found;
    struct webhook *webhook;
};

static bool is_busy(const struct next_job *job, int64_t id)
{
    for (size_t i = 0; i < job->busy_count; i++)
        if (job->busy[i] == id)
            return true;
    return false;
}

static void webhook_row(const struct sql_rows *rows, struct webhook *ret)
{
    *ret = (struct webhook){
        .id = sql_int(rows, 0),
        .attempts = sql_int(rows, 6),
        .copies = sql_int(rows, 7),
        .created_ms = sql_int(rows, 8),
        .due_ms = sql_int(rows, 9),
        .is_held = sql_int(rows, 10) != 0,
        .is_forged = sql_int(rows, 11) != 0,
    };
    sql_text(rows, 1, ret->payment_id, sizeof ret->payment_id);
    sql_text(rows, 2, ret->intent_id, sizeof ret->intent_id);
    sql_text(rows, 3, ret->traceparent, sizeof ret->traceparent);
    sql_text(rows, 4, ret->path, sizeof ret->path);
    sql_text(rows, 5, ret->body, sizeof ret->body);
}

static bool next_work(struct journal *journal, void *argument, struct error *error)
{
    const struct next_job *job = argument;
    *job->is_found = false;
    struct sql_rows *rows =
        sql_query(journal->sql, error,
                  "SELECT id, payment_id, intent_id, traceparent, path, body, attempts, copies,"
                  " created_ms, due_ms, is_held, is_forged FROM webhooks ORDER BY due_ms, id"
                  " LIMIT ?",
                  "i", (int64_t)job->busy_count + 1);
    if (!rows)
        return false;
    bool is_row = false, is_ok;
    while ((is_ok = sql_next(rows, &is_row, error)) && is_row) {
        if (is_busy(job, sql_int(rows, 0)))
            continue;
        webhook_row(rows, job->webhook);
        *job->is_found = true;
        break;
    }
    sql_done(rows);
    return is_ok;
}

bool journal_webhook_next(struct journal *journal, const int64_t *busy, size_t busy_count,
                          bool *ret_is_found, struct webhook *ret_webhook, struct error *error)
{
    struct next_job job = { busy, busy_count, ret_is_found, ret_webhook };
    return journal_run(journal, next_work, &job, error);
}

struct settle_job {
    const struct webhook *webhook;
    enum webhook_fate fate;
    bool is_acknowledged;
    int64_t now_ms;
};

static bool settle_work(struct journal *journal, void *argument, struct error *error)
{
    const struct settle_job *job = argument;
    const struct webhook *webhook = job->webhook;
    if (!sql_run(journal->sql, error,
                 "UPDATE charges SET webhooks_sent = webhooks_sent + 1, webhooks_acknowledged ="
                 " webhooks_acknowledged + ? WHERE payment_id = ?",
                 "it", (int64_t)job->is_acknowledged, webhook->payment_id))
        return false;
    if (job->fate == WEBHOOK_AGAIN)
        return sql_run(journal->sql, error,
                       "UPDATE webhooks SET attempts = ?, copies = ?, due_ms = ?, is_held = ?,"
                       " is_forged = ? WHERE id = ?",
                       "iiiiii", webhook->attempts, webhook->copies, webhook->due_ms,
                       (int64_t)webhook->is_held, (int64_t)webhook->is_forged, webhook->id);
    journal->webhooks_pending--;
    if (!sql_run(journal->sql, error, "DELETE FROM webhooks WHERE id = ?", "i", webhook->id))
        return false;
    if (job->fate == WEBHOOK_GIVEN_UP)
        return true;
    return sql_run(journal->sql, error,
                   "UPDATE webhooks SET is_held = 0, due_ms = ? WHERE is_held = 1 AND id < ?", "ii",
                   job->now_ms, webhook->id);
}

bool journal_webhook_settle(struct journal *journal, const struct webhook *webhook,
                            enum webhook_fate fate, bool is_acknowledged, int64_t now_ms,
                            struct error *error)
{
    struct settle_job job = { webhook, fate, is_acknowledged, now_ms };
    return journal_run(journal, settle_work, &job, error);
}
