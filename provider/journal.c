/* journal.c - the tables, the shared transaction, and charges and refunds as jobs that run in it.
 * */
#include "provider/journal_private.h"

#include "common/base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct journal_job {
    journal_work *work;
    void *argument;
    struct error error;
    bool is_finished, is_ok;
    struct journal_job *next;
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS charges (seq INTEGER PRIMARY KEY, payment_id TEXT NOT NULL UNIQUE,"
    " intent_id TEXT NOT NULL, user_id TEXT NOT NULL, currency TEXT NOT NULL, reason TEXT NOT NULL,"
    " status INTEGER NOT NULL, amount INTEGER NOT NULL, captured INTEGER NOT NULL,"
    " refunded INTEGER NOT NULL, refund_count INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
    " is_adopted INTEGER NOT NULL, webhooks_sent INTEGER NOT NULL DEFAULT 0,"
    " webhooks_acknowledged INTEGER NOT NULL DEFAULT 0,"
    " CHECK (refunded BETWEEN 0 AND captured)) STRICT;"
    "CREATE TABLE IF NOT EXISTS charge_keys (key TEXT PRIMARY KEY, payment_id TEXT NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS refunds (seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,"
    " refund_id TEXT NOT NULL, payment_id TEXT NOT NULL, intent_id TEXT NOT NULL,"
    " currency TEXT NOT NULL, amount INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
    " calls_again INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX IF NOT EXISTS refunds_of_payment ON refunds (payment_id, seq);"
    "CREATE TABLE IF NOT EXISTS webhooks (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " payment_id TEXT NOT NULL, intent_id TEXT NOT NULL, traceparent TEXT NOT NULL,"
    " path TEXT NOT NULL, body TEXT NOT NULL, attempts INTEGER NOT NULL, copies INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, is_held INTEGER NOT NULL,"
    " is_forged INTEGER NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS webhooks_due ON webhooks (due_ms, id);"
    "CREATE INDEX IF NOT EXISTS webhooks_held ON webhooks (id) WHERE is_held = 1;";

struct journal *journal_open(const char *path, struct error *error)
{
    struct journal *journal = memory_alloc(1, sizeof *journal);
    pthread_mutex_init(&journal->mutex, NULL);
    pthread_cond_init(&journal->finished, NULL);
    journal->sql = sql_open(path, error);
    if (!journal->sql)
        goto fail;
    if (!sql_script(journal->sql, schema, error) || !journal_webhooks_count(journal, error))
        goto fail;
    return journal;
fail:
    error_wrap(error, "journal");
    return journal_close(journal);
}

struct journal *journal_close(struct journal *journal)
{
    if (!journal)
        return NULL;
    journal->sql = sql_close(journal->sql);
    pthread_cond_destroy(&journal->finished);
    pthread_mutex_destroy(&journal->mutex);
    free(journal);
    return NULL;
}

/* All of them or none: a failure here is the disk's, so it would meet each of them. */
static void jobs_run(struct journal *journal, struct journal_job *first)
{
    struct error error = { 0 };
    bool is_ok = sql_run(journal->sql, &error, "BEGIN IMMEDIATE", "");
    for (struct journal_job *job = first; job && is_ok; job = job->next)
        is_ok = job->work(journal, job->argument, &error);
    is_ok = is_ok && sql_run(journal->sql, &error, "COMMIT", "");
    if (!is_ok) {
        struct error ignored; /* there may be no transaction to roll back */
        (void)!sql_run(journal->sql, &ignored, "ROLLBACK", "");
        (void)!journal_webhooks_count(journal, &ignored);
    }
    for (struct journal_job *job = first; job; job = job->next) {
        job->is_ok = is_ok;
        job->error = error;
    }
}

bool journal_run(struct journal *journal, journal_work *work, void *argument, struct error *error)
{
    struct journal_job job = { .work = work, .argument = argument };
    pthread_mutex_lock(&journal->mutex);
    if (journal->last)
        journal->last->next = &job;
    else
        journal->first = &job;
    journal->last = &job;
    while (!job.is_finished && journal->is_led)
        pthread_cond_wait(&journal->finished, &journal->mutex);
    if (!job.is_finished) {
        struct journal_job *first = journal->first;
        journal->first = journal->last = NULL;
        journal->is_led = true;
        pthread_mutex_unlock(&journal->mutex);
        jobs_run(journal, first);
        pthread_mutex_lock(&journal->mutex);
        /* A finished job is gone as soon as its thread wakes up, so next is read before. */
        for (struct journal_job *each = first, *next; each; each = next) {
            next = each->next;
            each->is_finished = true;
        }
        journal->is_led = false;
        pthread_cond_broadcast(&journal->finished);
    }
    pthread_mutex_unlock(&journal->mutex);
    if (!job.is_ok)
        *error = job.error;
    return job.is_ok;
}

void journal_charge_row(const struct sql_rows *rows, struct ledger_charge *ret_charge)
{
    *ret_charge = (struct ledger_charge){
        .status = (enum ledger_status)sql_int(rows, 5),
        .amount = sql_int(rows, 6),
        .captured = sql_int(rows, 7),
        .refunded = sql_int(rows, 8),
        .refund_count = sql_int(rows, 9),
        .at_ms = sql_int(rows, 10),
        .is_adopted = sql_int(rows, 11) != 0,
    };
    sql_text(rows, 0, ret_charge->payment_id, sizeof ret_charge->payment_id);
    sql_text(rows, 1, ret_charge->intent_id, sizeof ret_charge->intent_id);
    sql_text(rows, 2, ret_charge->user_id, sizeof ret_charge->user_id);
    sql_text(rows, 3, ret_charge->currency, sizeof ret_charge->currency);
    sql_text(rows, 4, ret_charge->reason, sizeof ret_charge->reason);
}

void journal_refund_row(const struct sql_rows *rows, struct ledger_refund *ret_refund)
{
    *ret_refund = (struct ledger_refund){ .amount = sql_int(rows, 5), .at_ms = sql_int(rows, 6) };
    sql_text(rows, 0, ret_refund->refund_id, sizeof ret_refund->refund_id);
    sql_text(rows, 1, ret_refund->key, sizeof ret_refund->key);
    sql_text(rows, 2, ret_refund->payment_id, sizeof ret_refund->payment_id);
    sql_text(rows, 3, ret_refund->intent_id, sizeof ret_refund->intent_id);
    sql_text(rows, 4, ret_refund->currency, sizeof ret_refund->currency);
}

static bool charge_find(struct journal *journal, const char *text, const char *id,
                        bool *ret_is_found, struct ledger_charge *ret, struct error *error)
{
    *ret_is_found = false;
    struct sql_rows *rows = sql_query(journal->sql, error, text, "t", id);
    bool is_ok = rows && sql_next(rows, ret_is_found, error);
    if (is_ok && *ret_is_found)
        journal_charge_row(rows, ret);
    sql_done(rows);
    return is_ok;
}

static const char charge_by_payment[] =
    "SELECT " CHARGE_COLUMNS " FROM charges WHERE payment_id = ?";
static const char charge_by_key[] = "SELECT " CHARGE_COLUMNS " FROM charges WHERE payment_id ="
                                    " (SELECT payment_id FROM charge_keys WHERE key = ?)";
static const char refund_by_key[] = "SELECT " REFUND_COLUMNS " FROM refunds WHERE key = ?";
static const char refund_latest[] =
    "SELECT " REFUND_COLUMNS " FROM refunds WHERE payment_id = ? ORDER BY seq DESC LIMIT 1";

static bool refund_find(struct journal *journal, const char *text, const char *id,
                        bool *ret_is_found, struct ledger_refund *ret, struct error *error)
{
    *ret_is_found = false;
    struct sql_rows *rows = sql_query(journal->sql, error, text, "t", id);
    bool is_ok = rows && sql_next(rows, ret_is_found, error);
    if (is_ok && *ret_is_found)
        journal_refund_row(rows, ret);
    sql_done(rows);
    return is_ok;
}

static bool charge_add(struct journal *journal, const struct ledger_charge *charge,
                       struct error *error)
{
    return sql_run(journal->sql, error,
                   "INSERT INTO charges (" CHARGE_COLUMNS ")"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   "tttttiiiiiii", charge->payment_id, charge->intent_id, charge->user_id,
                   charge->currency, charge->reason, (int64_t)charge->status, charge->amount,
                   charge->captured, charge->refunded, charge->refund_count, charge->at_ms,
                   (int64_t)charge->is_adopted);
}

struct charge_job {
    const struct ledger_charge_request *request;
    const struct journal_webhooks *webhooks;
    int64_t now_ms;
    struct journal_entry *entry;
};

static bool charge_work(struct journal *journal, void *argument, struct error *error)
{
    const struct charge_job *job = argument;
    const struct ledger_charge_request *request = job->request;
    struct journal_entry *entry = job->entry;
    *entry = (struct journal_entry){ 0 };
    struct ledger_charge by_key, by_payment;
    bool has_key = false, has_payment = false;
    if (request->key[0] != '\0' &&
        !charge_find(journal, charge_by_key, request->key, &has_key, &by_key, error))
        return false;
    if (!charge_find(journal, charge_by_payment, request->payment_id, &has_payment, &by_payment,
                     error))
        return false;
    entry->verdict =
        ledger_decide_charge(request, has_key ? &by_key : NULL, has_payment ? &by_payment : NULL,
                             job->now_ms, &entry->charge);
    if (entry->verdict != LEDGER_NEW && entry->verdict != LEDGER_REPLAY)
        return true;
    if (entry->verdict == LEDGER_NEW) {
        entry->is_queue_full = journal->webhooks_pending >= WEBHOOKS_PENDING_MAX;
        if (entry->is_queue_full)
            return true;
        struct webhook_faults faults;
        job->webhooks->draw(job->webhooks->self, entry->charge.payment_id, &faults);
        struct webhook webhook;
        webhook_charge_make(&entry->charge, &faults, job->now_ms, &webhook);
        memcpy(webhook.traceparent, job->webhooks->traceparent,
               strnlen(job->webhooks->traceparent, sizeof webhook.traceparent - 1));
        if (!charge_add(journal, &entry->charge, error) ||
            (!faults.is_dropped && !journal_webhook_add(journal, &webhook, error)))
            return false;
    }
    return request->key[0] == '\0' || has_key ||
           sql_run(journal->sql, error, "INSERT INTO charge_keys (key, payment_id) VALUES (?, ?)",
                   "tt", request->key, entry->charge.payment_id);
}

bool journal_charge(struct journal *journal, const struct ledger_charge_request *request,
                    const struct journal_webhooks *webhooks, int64_t now_ms,
                    struct journal_entry *ret_entry, struct error *error)
{
    struct charge_job job = { request, webhooks, now_ms, ret_entry };
    return journal_run(journal, charge_work, &job, error);
}

struct refund_job {
    const struct ledger_refund_request *request;
    const struct journal_webhooks *webhooks;
    bool is_adopting;
    int64_t now_ms;
    struct journal_entry *entry;
};

static bool refund_add(struct journal *journal, bool is_charge_new,
                       const struct ledger_charge *charge, const struct ledger_refund *refund,
                       struct error *error)
{
    if (is_charge_new) {
        if (!charge_add(journal, charge, error))
            return false;
    } else if (!sql_run(journal->sql, error,
                        "UPDATE charges SET refunded = ?, refund_count = ? WHERE payment_id = ?",
                        "iit", charge->refunded, charge->refund_count, charge->payment_id)) {
        return false;
    }
    return sql_run(journal->sql, error,
                   "INSERT INTO refunds (" REFUND_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)",
                   "tttttii", refund->refund_id, refund->key, refund->payment_id, refund->intent_id,
                   refund->currency, refund->amount, refund->at_ms);
}

static bool refund_apply(struct journal *journal, const struct refund_job *job, bool is_charge_new,
                         const struct ledger_charge *next, struct error *error)
{
    struct journal_entry *entry = job->entry;
    if (job->webhooks->is_wanted) {
        entry->is_queue_full = journal->webhooks_pending >= WEBHOOKS_PENDING_MAX;
        if (entry->is_queue_full)
            return true;
        struct webhook_faults faults;
        job->webhooks->draw(job->webhooks->self, next->payment_id, &faults);
        struct webhook webhook;
        webhook_refund_make(&entry->refund, &faults, job->now_ms, &webhook);
        memcpy(webhook.traceparent, job->webhooks->traceparent,
               strnlen(job->webhooks->traceparent, sizeof webhook.traceparent - 1));
        if (!faults.is_dropped && !journal_webhook_add(journal, &webhook, error))
            return false;
    }
    return refund_add(journal, is_charge_new, next, &entry->refund, error);
}

static bool refund_work(struct journal *journal, void *argument, struct error *error)
{
    const struct refund_job *job = argument;
    const struct ledger_refund_request *request = job->request;
    struct journal_entry *entry = job->entry;
    *entry = (struct journal_entry){ 0 };
    struct ledger_charge charge, next;
    struct ledger_refund by_key, latest;
    bool has_charge, has_key, has_latest;
    if (!charge_find(journal, charge_by_payment, request->payment_id, &has_charge, &charge,
                     error) ||
        !refund_find(journal, refund_by_key, request->key, &has_key, &by_key, error) ||
        !refund_find(journal, refund_latest, request->payment_id, &has_latest, &latest, error))
        return false;
    entry->verdict = ledger_decide_refund(request, has_charge ? &charge : NULL,
                                          has_key ? &by_key : NULL, has_latest ? &latest : NULL,
                                          job->is_adopting, job->now_ms, &next, &entry->refund);
    if (entry->verdict == LEDGER_NEW)
        return refund_apply(journal, job, !has_charge, &next, error);
    if (entry->verdict == LEDGER_REPLAY || entry->verdict == LEDGER_ALREADY_REFUNDED)
        return sql_run(journal->sql, error,
                       "UPDATE refunds SET calls_again = calls_again + 1 WHERE key = ?", "t",
                       entry->refund.key);
    return true;
}

bool journal_refund(struct journal *journal, const struct ledger_refund_request *request,
                    bool is_adopting, const struct journal_webhooks *webhooks, int64_t now_ms,
                    struct journal_entry *ret_entry, struct error *error)
{
    struct refund_job job = { request, webhooks, is_adopting, now_ms, ret_entry };
    return journal_run(journal, refund_work, &job, error);
}

struct lookup_job {
    const char *key;
    bool *is_found;
    struct ledger_refund *refund;
};

static bool lookup_work(struct journal *journal, void *argument, struct error *error)
{
    const struct lookup_job *job = argument;
    return refund_find(journal, refund_by_key, job->key, job->is_found, job->refund, error);
}

bool journal_refund_by_key(struct journal *journal, const char *key, bool *ret_is_found,
                           struct ledger_refund *ret_refund, struct error *error)
{
    struct lookup_job job = { key, ret_is_found, ret_refund };
    return journal_run(journal, lookup_work, &job, error);
}
