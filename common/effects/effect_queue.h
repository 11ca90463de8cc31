/* effect_queue.h - the calls to the outside that wait for their turn, are under way, or have a
 * result that nobody has taken yet. Pure: threads, clocks and the calls themselves are the
 * caller's, one caller at a time; the simulator runs the same.
 *
 *            add             next            finish            take
 *   (free) -------> WAITS -------> UNDER_WAY -------> FINISHED -------> (free)
 *                     |                |                  ^
 *                     |  too old: not made, handed back   |
 *                     +----------------|------------------+
 *                                      +--- drop: its result is lost ---> (free)
 *
 * First in, first out, in two lanes: documents whose call has not failed yet, and those whose has.
 * A place is never given to another call, nor to another question about the same document. Bounded:
 * what finds no room is asked for again by its document's deadline. While the breaker is open only
 * probes are handed out. Times are of any clock that does not jump. */
#pragma once

#include "common/effects/breaker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct effect;
struct input;

/* What the queue asks about the effects of a service. Pure functions, of the process. */
struct effect_kind {
    size_t payload_bytes; /* that tell one question from another */
    int64_t wait_max_ms;  /* a call that has waited longer is not made but handed back: what was
                             known when it was decided is too old by then */
    bool (*has_failed)(const struct effect *effect); /* an earlier call of the same */
    void (*not_made)(const struct effect *effect, struct input *ret_result);
};

struct effect_queue;
struct effect_call;

/* `kind` is borrowed for the queue's life; capacity > 0. */
struct effect_queue *effect_queue_new(const struct effect_kind *kind, size_t capacity);
struct effect_queue *effect_queue_free(struct effect_queue *queue); /* returns NULL */
/* As if it were new, with room for fewer calls or as many, which wait no longer than that. */
void effect_queue_restart(struct effect_queue *queue, size_t capacity, int64_t wait_max_ms);

/* Copies the effect; one that waits already in the same words keeps its place. False: full. */
bool effect_queue_add(struct effect_queue *queue, const struct effect *effect, int64_t now_ms);
/* The call to make now, to be finished by the caller; NULL: none. A caller with is_for_later_ones
 * prefers the lane of those that have failed, so that none can starve. */
struct effect_call *effect_queue_next(struct effect_queue *queue, bool is_for_later_ones,
                                      int64_t now_ms);
/* When to ask for the next one although nothing was added or finished; -1: no need. */
int64_t effect_queue_look_again_ms(const struct effect_queue *queue);
/* Of a call that effect_queue_next gave and nobody has finished or dropped; borrowed. */
const struct effect *effect_call_effect(const struct effect_call *call);
/* Of such a call: it finds out whether anybody is there, and counts as no try. */
bool effect_call_is_probe(const struct effect_call *call);
/* The result is copied. The call is not the caller's any more. */
enum breaker_news effect_queue_finish(struct effect_queue *queue, struct effect_call *call,
                                      const struct effect_end *end, const struct input *result,
                                      int64_t now_ms);
void effect_queue_drop(struct effect_queue *queue, struct effect_call *call);
/* Results that are there, up to `limit`, as inputs of the engine; the oldest first. */
size_t effect_queue_take(struct effect_queue *queue, size_t limit, struct input *ret_results);
/* Does a call of this document wait, is one under way, or was its result not taken yet? */
bool effect_queue_holds(const struct effect_queue *queue, const char *document_id);

struct effect_queue_status {
    size_t waiting, under_way, finished;
    uint64_t calls, probes, turned_away;
    bool is_open;         /* the breaker */
    int64_t opened_at_ms; /* by the caller's clock */
    uint64_t openings;
    char reason[REASON_SIZE];
};
void effect_queue_status_get(const struct effect_queue *queue,
                             struct effect_queue_status *ret_status);
