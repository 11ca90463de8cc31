/* journal.h - the provider's books on disk: charges, refunds, keys and pending webhooks in one
 * SQLite file. What was answered is committed, so it survives kill -9; a charge and the webhook
 * that tells of it are committed together.
 *
 * Any thread may call. Calls that come at the same time share one transaction and one fsync: the
 * first becomes the leader and runs the others' work with its own. ERROR_RETRY: nothing of it
 * happened. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"
#include "provider/ledger.h"
#include "provider/webhook.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEBHOOKS_PENDING_MAX   100000 /* beyond it charges and refunds are answered 503 */
#define JOURNAL_CURRENCIES_MAX 200
#define JOURNAL_PAGE_MAX       100

struct journal;
MUST_CHECK struct journal *journal_open(const char *path, struct error *error);
struct journal *journal_close(struct journal *journal);

/* Whether the new row is told by webhook, and what goes wrong with that: asked once, only when a
 * webhook is about to be queued. */
struct journal_webhooks {
    void *self;
    void (*draw)(void *self, const char *payment_id, struct webhook_faults *ret_faults);
    const char *traceparent; /* of the call; "" = none */
    bool is_wanted;
};

struct journal_entry {
    enum ledger_verdict verdict;
    struct ledger_charge charge; /* of a charge: NEW and REPLAY */
    struct ledger_refund refund; /* of a refund: NEW, REPLAY and ALREADY_REFUNDED */
    bool is_queue_full;          /* nothing was done: too many webhooks are pending */
};

MUST_CHECK bool journal_charge(struct journal *journal, const struct ledger_charge_request *request,
                               const struct journal_webhooks *webhooks, int64_t now_ms,
                               struct journal_entry *ret_entry, struct error *error);
MUST_CHECK bool journal_refund(struct journal *journal, const struct ledger_refund_request *request,
                               bool is_adopting, const struct journal_webhooks *webhooks,
                               int64_t now_ms, struct journal_entry *ret_entry,
                               struct error *error);
MUST_CHECK bool journal_refund_by_key(struct journal *journal, const char *key, bool *ret_is_found,
                                      struct ledger_refund *ret_refund, struct error *error);

/* A payment as the books have it, for people and for tests. */
struct journal_account {
    struct ledger_charge charge;
    struct ledger_refund refunds[LEDGER_REFUNDS_MAX]; /* charge.refund_count of them */
    int64_t webhooks_sent, webhooks_acknowledged;
};
/* Newest first; after = "" or the payment id that the page before ended with (an unknown one gives
 * an empty page). At most limit (<= JOURNAL_PAGE_MAX) accounts. */
MUST_CHECK bool journal_list(struct journal *journal, const char *after, size_t limit,
                             struct journal_account *ret_accounts, size_t *ret_count,
                             struct error *error);
MUST_CHECK bool journal_account(struct journal *journal, const char *payment_id, bool *ret_is_found,
                                struct journal_account *ret_account, struct error *error);

struct journal_sums {
    char currency[CURRENCY_SIZE];
    int64_t charges, adopted, captured, refunded, refund_effects, duplicate_refund_calls;
};
MUST_CHECK bool journal_sum(struct journal *journal,
                            struct journal_sums ret_sums[JOURNAL_CURRENCIES_MAX], size_t *ret_count,
                            int64_t *ret_webhooks_pending, struct error *error);

/* The pending webhook that is due first and not among `busy`; *ret_is_found false: there is none.
 * It may lie in the future: look at due_ms. */
MUST_CHECK bool journal_webhook_next(struct journal *journal, const int64_t *busy,
                                     size_t busy_count, bool *ret_is_found,
                                     struct webhook *ret_webhook, struct error *error);
/* After an attempt: counts it, and keeps or forgets the webhook. ACKNOWLEDGED lets go those that
 * were held until a later one went. */
MUST_CHECK bool journal_webhook_settle(struct journal *journal, const struct webhook *webhook,
                                       enum webhook_fate fate, bool is_acknowledged, int64_t now_ms,
                                       struct error *error);
