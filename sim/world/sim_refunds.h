/* sim_refunds.h - the provider's books about refunds of simulated payments, and who else writes
 * into them. Private to the world. */
#pragma once

#include "common/base/ident.h"
#include "payment/payment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_REFUNDS_MAX 24 /* of one payment, more than the payment service keeps */

struct sim;

struct sim_refund { /* as the provider knows it */
    char id[IDENT_SIZE];
    char key[IDENT_SIZE]; /* "" = made by somebody else */
    int64_t amount, at_ms;
    enum standing standing;
    enum standing next; /* what becomes of it */
    int64_t next_at_ms; /* 0 = nothing */
};

struct sim_payment { /* as the provider knows it */
    char id[IDENT_SIZE];
    struct payment_payload content;
    bool is_accepted; /* its capture was answered with 2xx */
    struct payment_payload accepted;
    bool is_refused;  /* will never be refunded */
    bool is_plain;    /* all captures of it say the same */
    bool is_touched;  /* somebody else has refunded of it, in whatever part */
    bool is_overpaid; /* somebody else gave back more than was left */
    bool is_alerted;  /* the payment service has raised an alert about it */
    int calls_made;
    int64_t captured; /* what the provider has of it */
    size_t refund_count;
    struct sim_refund refunds[SIM_REFUNDS_MAX];
    bool is_announced; /* by somebody else */
    bool is_restored;  /* its document is one of an older backup */
    bool is_deferred;  /* its booking had no place for it before the intent */
    bool is_unstored;  /* nor kept it when it gave it back */
    /* By a caller without ids, "" = by one with. Where it was the first of its booking, it is
     * stored under this id; else under `id`, its own. */
    char first_id[IDENT_SIZE];
};

struct sim_refund *sim_refund_add(struct sim *sim, struct sim_payment *payment, const char *key,
                                  int64_t amount); /* NULL: there is no room */
struct sim_refund *sim_refund_by_key(struct sim_payment *payment, const char *key);
int64_t sim_refunds_sum(const struct sim_payment *payment, enum standing standing);
bool sim_refunds_have(const struct sim_payment *payment, enum standing standing);

void sim_refund_by_hand(struct sim *sim); /* of any payment, in whatever part */
bool sim_refund_rest_by_hand(struct sim *sim, struct sim_payment *payment);
void sim_refunds_move(struct sim *sim);             /* what is due settles, or fails */
int64_t sim_refunds_next_ms(const struct sim *sim); /* 0 = nothing moves */

/* sim_watch_refunds.c */
struct decided;
void sim_refunds_see(struct sim *sim, const struct decided *decided, enum payment_state from,
                     enum payment_state to);

/* The provider's webhook; false: there is no room for one more. */
bool sim_report_send(struct sim *sim, const struct sim_payment *payment,
                     const struct sim_refund *refund);
