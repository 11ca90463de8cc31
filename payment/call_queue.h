/* call_queue.h - the calls to the provider that wait for their turn, are under way, or have a
 * result that nobody has taken yet. Pure: threads, clocks and HTTP are the caller's, one caller at
 * a time; the simulator runs the same.
 *
 * First in, first out, in two lanes: payments that have not failed yet, and those that have. A
 * place is never given to another call, nor to another question about the same payment. Bounded:
 * what finds no room is asked for again by its document's deadline. While the breaker is open only
 * probes are handed out. Times are of any clock that does not jump. */
#pragma once

#include "common/saga/decision.h"
#include "common/saga/input.h"
#include "payment/breaker.h"
#include "payment/refund_call.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A call that has waited longer is not made but handed back: what was known when it was decided is
 * too old by then (see REFUND_KEY_TRUSTED_MS). The simulator's provider forgets sooner. */
#define CALL_WAIT_MAX_MS INT64_C(3600000)

struct call_queue;
struct call;

struct call_queue *call_queue_new(size_t capacity, int result_type, const char *result_type_name);
struct call_queue *call_queue_free(struct call_queue *queue); /* returns NULL */
/* As if it were new, with room for fewer calls or as many, which wait no longer than that. */
void call_queue_restart(struct call_queue *queue, size_t capacity, int64_t wait_max_ms);

/* Copies the effect; one that waits already in the same words keeps its place. False: full. */
bool call_queue_add(struct call_queue *queue, const struct effect *effect, int64_t now_ms);
/* The call to make now, to be finished by the caller; NULL: none. A caller with
 * is_for_later_ones prefers the lane of those that have failed, so that none can starve. */
struct call *call_queue_next(struct call_queue *queue, bool is_for_later_ones, int64_t now_ms);
/* When to ask for the next one although nothing was added or finished; -1: no need. */
int64_t call_queue_look_again_ms(const struct call_queue *queue);
const struct effect *call_effect(const struct call *call);
/* traceparent may be NULL. The call is not the caller's any more. */
enum breaker_news call_queue_finish(struct call_queue *queue, struct call *call,
                                    const struct refund_result *result, const char *traceparent,
                                    int64_t now_ms);
void call_queue_drop(struct call_queue *queue, struct call *call); /* its result is lost */
/* Results that are there, as inputs of the engine. */
size_t call_queue_take(struct call_queue *queue, size_t limit, struct input *ret_results);
/* Does a call of this document wait, is one under way, or was its result not taken yet? */
bool call_queue_holds(const struct call_queue *queue, const char *document_id);

struct call_queue_status {
    size_t waiting, under_way, finished;
    uint64_t calls, probes, turned_away;
    bool is_open;         /* the breaker */
    int64_t opened_at_ms; /* by the caller's clock */
    uint64_t openings;
    char reason[REASON_SIZE];
};
void call_queue_status_get(const struct call_queue *queue, struct call_queue_status *ret_status);
