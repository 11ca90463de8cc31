/* refunds.h - the refunds of one payment that were heard of, each under the provider's own id:
 * ours, one made by hand at the provider, one that the bank sent back, one made again. Pure, a
 * plain value.
 *
 * What is said of a refund concerns that refund alone, and the order in which it is said does not
 * matter, nor does saying it twice: of two reports of one id that stands which is later in a
 * refund's life (pending, succeeded, failed), and the smaller amount. So a late duplicate changes
 * nothing, and nothing that failed once stands again. */
#pragma once

#include "common/base/enum_list.h"
#include "common/base/ident.h"
#include "common/base/money.h"

#include <stdbool.h>
#include <stdint.h>

/* Refunds of one payment that are kept. The last place is left for what we make ourselves, so that
 * others cannot keep us from learning of it. */
#define PAYMENT_REFUNDS_MAX 16
/* Calls of ours for different refunds of one payment, each under a key of its own; then somebody
 * has to look. */
#define REFUND_KEYS_MAX 8

#define STANDINGS(X)                                                                               \
    X(STANDING_PENDING, "pending")     /* under way at the provider */                             \
    X(STANDING_SUCCEEDED, "succeeded") /* the money is back */                                     \
    X(STANDING_FAILED, "failed")       /* it never went, or came back to us; for ever */

enum standing { STANDINGS(ENUM_VALUE) STANDING_COUNT };

struct payment_refund {
    char id[IDENT_SIZE]; /* the provider's; "" = of no refund */
    char currency[CURRENCY_SIZE];
    int64_t amount; /* 0 = not said yet */
    enum standing standing;
};

struct refunds {
    int32_t count;
    int32_t beyond; /* reports of others that found no room; duplicates among them count too */
    struct payment_refund list[PAYMENT_REFUNDS_MAX]; /* in the order they were heard of */
};

enum hearing {
    HEARD_BEFORE,  /* it changes nothing */
    HEARD_NEWS,    /* the table is changed */
    HEARD_NO_ROOM, /* a new id, and the table is full: nothing is changed */
};
/* is_ours: heard as the answer to a call of ours. */
enum hearing payment_refunds_hear(struct refunds *refunds, const struct payment_refund *said,
                                  bool is_ours);
/* Another amount or currency was said of it before. */
bool payment_refunds_contradict(const struct refunds *refunds, const struct payment_refund *said);

/* The refund of this id, or NULL. */
const struct payment_refund *payment_refunds_find(const struct refunds *refunds, const char *id);
/* What the refunds of this standing and currency add up to. */
int64_t payment_refunds_sum(const struct refunds *refunds, enum standing standing,
                            const char *currency);
/* The last one that stands, or NULL. */
const struct payment_refund *payment_refunds_last_standing(const struct refunds *refunds);

/* The idempotency key of our call of that ordinal: the first, 0, is the payment's id; the others
 * derive from it. */
void payment_refund_key_write(const char *payment_id, int64_t ordinal, char ret_key[IDENT_SIZE]);

const char *payment_standing_text(enum standing standing);
