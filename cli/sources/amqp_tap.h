/* amqp_tap.h - the broker as the command line needs it: listen, look, publish once more.
 *
 * A tap has one connection; nothing is repaired, a failure ends the command. Looking at a queue
 * takes messages without acking them: closing the tap gives them back. All waits are bounded. One
 * thread. AMQP 0-9-1. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LETTER_TEXT_SIZE 256 /* an AMQP short string and its NUL */

/* A message as it was found. Texts are cut to their size and hold no control characters. */
struct letter {
    uint64_t tag;
    char exchange[LETTER_TEXT_SIZE], routing_key[LETTER_TEXT_SIZE];
    char id[LETTER_TEXT_SIZE], type[LETTER_TEXT_SIZE], correlation_id[LETTER_TEXT_SIZE];
    char app_id[LETTER_TEXT_SIZE], traceparent[64];
    int64_t timestamp_s;
    bool is_repeat;
    /* of a dead one: why, by whom, and where it was sent at first */
    char reason[LETTER_TEXT_SIZE], service[LETTER_TEXT_SIZE];
    char first_exchange[LETTER_TEXT_SIZE], first_key[LETTER_TEXT_SIZE];
    const char *body; /* until the tap's next call; any bytes */
    size_t body_length;
};

struct tap;
MUST_CHECK struct tap *tap_open(const char *url, struct error *error);
struct tap *tap_close(struct tap *tap); /* returns NULL */

/* Binds an exclusive queue of our own, cli.<random>, to the exchange by these patterns (separated
 * by commas) and consumes it. */
MUST_CHECK bool tap_listen(struct tap *tap, const char *patterns, struct error *error);
/* False with ERROR_NOT_FOUND: nothing came in time. */
MUST_CHECK bool tap_next(struct tap *tap, int64_t timeout_ms, struct letter *ret_letter,
                         struct error *error);

struct queue_depth {
    int64_t messages; /* ready */
    int64_t consumers;
};
/* Passive: nothing is created. ERROR_REJECT: it is not there, or we may not see it. */
MUST_CHECK bool tap_exchange_check(struct tap *tap, const char *exchange, struct error *error);
MUST_CHECK bool tap_queue_check(struct tap *tap, const char *queue, struct queue_depth *ret_depth,
                                struct error *error);

/* The next message of the queue, not acked. False with ERROR_NOT_FOUND: it is empty. */
MUST_CHECK bool tap_get(struct tap *tap, const char *queue, struct letter *ret_letter,
                        struct error *error);
/* Puts what tap_get has just found back into `queue`, from which it died, as it was but for the
 * marks of its death, and waits until the broker has it; only then acks it. Straight into the queue
 * and not through the exchange: other queues have had their copy, and two dead copies of one event
 * would become four, then eight. ERROR_REJECT: it can never be accepted there, so it stays. */
MUST_CHECK bool tap_replay(struct tap *tap, const struct letter *letter, const char *queue,
                           struct error *error);
/* Acks it: it is gone. */
MUST_CHECK bool tap_discard(struct tap *tap, const struct letter *letter, struct error *error);
