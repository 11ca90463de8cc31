/* bound_actor.h - one party of the broker bound: publishes with confirms, consumes with acks, by
 * rabbitmq-c alone. One thread each. A failure ends the program: a measuring tool has nothing to
 * save. */
#pragma once

#include "common/saga/message.h"
#include "events/topology.h"

#include <stdatomic.h>

#define ACTOR_WINDOW   1024 /* messages that wait for their confirm; a power of two */
#define ACTOR_PREFETCH 512
#define ACTOR_IN_HAND  1024 /* deliveries that are not acked; a power of two, above the prefetch */

struct actor_options {
    const char *url;
    const char *queue; /* NULL: consumes nothing */
    const atomic_bool *is_over;
    bool is_purging; /* all queues, first */
    int64_t run;
};

struct actor;
struct actor_link;
struct actor {
    const struct actor_options *options;
    struct actor_link *out, *in;
    uint64_t published;            /* also the sequence number of the last one */
    uint64_t confirmed;            /* all up to this one */
    bool is_settled[ACTOR_WINDOW]; /* by sequence number */
    struct {
        uint64_t tag, waits_for;
    } in_hand[ACTOR_IN_HAND];
    uint64_t finished, done, done_tag; /* deliveries; done: all up to this one can be acked */
    uint64_t acked_count;
    bool is_idle; /* the last turn brought nothing */
    atomic_ulong taken, acked;
};

struct taken {
    uint64_t tag;
    bool is_captured; /* a payment.captured */
};

struct actor *actor_new(const struct actor_options *options);
struct actor *actor_free(struct actor *actor);
bool actor_may_publish(const struct actor *actor);
void actor_publish(struct actor *actor, const struct message *message);
/* False: nothing is there at the moment. */
bool actor_take(struct actor *actor, struct taken *ret_taken);
/* The delivery is acked once this publish is confirmed; 0: at once. In the order of taking. */
void actor_finish(struct actor *actor, uint64_t tag, uint64_t waits_for);
/* Reads the confirms, acks what can be acked, waits a moment for more. */
void actor_turn(struct actor *actor);
