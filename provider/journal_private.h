/* journal_private.h - what the journal's files share. Private to them. */
#pragma once

#include "provider/journal.h"
#include "provider/sql.h"

#include <pthread.h>

struct journal_job;
struct journal {
    struct sql *sql; /* the leader's */
    int64_t webhooks_pending;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t finished;
    struct journal_job *first, *last; /* waiting for a leader */
    bool is_led;
};

typedef bool journal_work(struct journal *journal, void *argument, struct error *error);

/* Runs work inside a transaction, together with whatever else waits, and returns after the
 * commit. */
MUST_CHECK bool journal_run(struct journal *journal, journal_work *work, void *argument,
                            struct error *error);

#define CHARGE_COLUMNS                                                                             \
    "payment_id, intent_id, user_id, currency, reason, status, amount, captured, refunded, "       \
    "refund_count, at_ms, is_adopted"
#define CHARGE_COLUMN_COUNT 12
#define REFUND_COLUMNS      "refund_id, key, payment_id, intent_id, currency, amount, at_ms"

void journal_charge_row(const struct sql_rows *rows, struct ledger_charge *ret_charge);
void journal_refund_row(const struct sql_rows *rows, struct ledger_refund *ret_refund);

/* Inside a transaction. */
MUST_CHECK bool journal_webhook_add(struct journal *journal, const struct webhook *webhook,
                                    struct error *error);
MUST_CHECK bool journal_webhooks_count(struct journal *journal, struct error *error);
