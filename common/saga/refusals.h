/* refusals.h - kinds of messages that the broker does not take just now, because a queue that they
 * go to is full or missing.
 *
 *              refused                                    taken, REFUSAL_OPEN_AT times
 *   (unknown) ---------> WAITS until until_ms ---> TRIES ------------------------------> (unknown)
 *                          ^                         |
 *                          +-- refused: wait_ms doubles, allowed is 1 again
 *
 * (unknown)  not in `kinds`: everything is handed over.
 * WAITS      now < until_ms: nothing is; what comes is kept in the outbox.
 * TRIES      up to `allowed` at a time are; each that is taken raises it by one.
 * Whatever its state, REFUSAL_FORGET_MS after until_ms it is unknown again.
 *
 * Of a kind that was refused nothing more is handed over for a while, which grows as long as the
 * refusals go on. Then one message tries, and with each that is taken more may follow: so what the
 * other queues of that kind take twice or more is never much. Belongs to one engine; its thread
 * only. Pure. */
#pragma once

#include "common/saga/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REFUSALS_MAX        16 /* kinds of messages that one service sends */
#define REFUSAL_WAIT_MIN_MS 200
#define REFUSAL_WAIT_MAX_MS 5000
#define REFUSAL_FORGET_MS   15000 /* by then each kind that waits has tried again */
#define REFUSAL_OPEN_AT     256   /* so many at a time are taken: it is refused no more */
#define REFUSALS_TEXT_SIZE  256

struct refusal {
    char type[MESSAGE_TYPE_SIZE];
    int64_t until_ms, wait_ms;
    size_t allowed, given; /* at a time; handed over and not answered for */
};

struct refusals { /* starts all zero */
    struct refusal kinds[REFUSALS_MAX];
    size_t count;
};

bool refusals_would_let(const struct refusals *refusals, const char *type, int64_t now_ms);
/* May a message of this type be handed over now? It counts as handed over if so. */
bool refusals_let(struct refusals *refusals, const char *type, int64_t now_ms);
/* What became of one: the broker took it, refused it, or nobody knows. */
void refusals_taken(struct refusals *refusals, const char *type, int64_t now_ms);
/* Returns when the next one of this kind may try. */
int64_t refusals_refused(struct refusals *refusals, const char *type, int64_t now_ms);
void refusals_unknown(struct refusals *refusals, const char *type);
/* Without a refusal for a while they are forgotten. */
void refusals_expire(struct refusals *refusals, int64_t now_ms);
void refusals_forget_given(struct refusals *refusals); /* nothing is on its way */
/* The types, in words; "" when there are none. */
void refusals_text(const struct refusals *refusals, char ret_text[REFUSALS_TEXT_SIZE]);
