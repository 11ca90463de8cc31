/* observer_state.h - the observer between its own files.
 *
 * The engine's thread owns everything below "the engine's thread"; the rest is constant after
 * tracing_observer_new, so HTTP threads and effect threads may read it. */
#pragma once

#include "common/http/http_server.h"
#include "common/saga/batch_ring.h"
#include "tracing/lineage.h"

#include <stdatomic.h>

#define OBSERVER_INPUTS_MAX 1024 /* of a batch; more have no spans */
#define OBSERVER_STAGES_MAX                                                                        \
    8 /* round trips of a batch; more (conflict upon conflict) have no spans */
#define OBSERVER_INDEX_SIZE  4096 /* a power of two, well above OBSERVER_INPUTS_MAX */
#define OBSERVER_RECENT      4096 /* published messages that are remembered */
#define OBSERVER_RANDOM      1024
#define OBSERVER_RESULT_SIZE 32
#define OBSERVER_REPEATS     16384 /* traces whose repeats are counted */

/* An input between batch_begin and batch_end. */
struct open_input {
    const struct input *input; /* the engine's */
    char carried[TRACEPARENT_SIZE];
    struct lineage lineage; /* once is_placed: a deadline's booking is known only after the load */
    bool is_placed;
    bool is_request; /* its span is the HTTP layer's */
    bool is_decided, is_quarantined, is_unconfirmed;
    bool owes_news;    /* it made a message that was never published before */
    bool is_idle;      /* a repeat that changed nothing: it is counted and has no spans */
    bool has_ack_span; /* of its trace; on the trace's first input */
    int64_t started_ns, decided_ns;
    uint64_t delivery_tag;
    char routing_key[MESSAGE_TYPE_SIZE];
    const char *verdict, *state_from, *state_to; /* static texts */
    char reason[QUARANTINE_REASON_SIZE];
    struct note notes[DECISION_NOTES_MAX];
    int note_count;
    struct tracing_facts facts;
};

/* The repeats of a trace since its last span in this process. */
struct repeat_count {
    uint64_t trace; /* its last eight bytes */
    int64_t count;
};

struct stage_record {
    enum engine_stage stage;
    int64_t started_ns, ended_ns;
    size_t items;
    char result[OBSERVER_RESULT_SIZE]; /* "" = good */
};

/* A batch between its begin and its end. */
struct open_batch {
    struct open_input inputs[OBSERVER_INPUTS_MAX];
    size_t input_count, input_hint;
    struct stage_record stages[OBSERVER_STAGES_MAX];
    size_t stage_count;
    int64_t now_ms; /* of its decisions */
    int64_t publish_started_ns, published_ns;
};

struct tracing_observer {
    struct tracing *tracing;
    const char *service, *queue, *collection, *store_system, *store_namespace, *broker_host;
    const char *client_id;
    void (*tell)(const struct tracing_story *story, struct tracing_facts *ret_facts);
    int broker_port, http_port;
    void (*root)(const void *state, struct tracing_root *ret_root);
    struct observer_port engine_port;
    struct http_observer http_port_table;

    /* the engine's thread */
    struct open_batch batches[BATCH_RING];
    struct batch_ring ring;
    int64_t stage_started_ns;
    uint16_t trace_index[OBSERVER_INDEX_SIZE];     /* first input of a trace + 1, 0 = free */
    uint64_t recent[OBSERVER_RECENT];              /* span ids of messages, by their low bits */
    struct repeat_count repeats[OBSERVER_REPEATS]; /* by the trace's last bytes; some are lost */
    atomic_uint_fast64_t repeats_total;            /* of all */
    uint8_t random[OBSERVER_RANDOM];
    size_t random_used;
    struct span span; /* the one that is being made */
};

/* observer.c */
void observer_random_id(struct tracing_observer *observer, uint8_t ret_span_id[8]);
void observer_place(struct tracing_observer *observer, struct open_input *open);
struct open_batch *observer_made(struct tracing_observer *observer);
struct open_batch *observer_published(struct tracing_observer *observer);
struct open_input *observer_find(struct open_batch *batch, const struct input *input);

/* observer_spans.c: one finished span each, into the exporter's queue */
void observer_export_input(struct tracing_observer *observer, const struct open_input *open,
                           const char *failure, int64_t ended_ns);
void observer_export_stage(struct tracing_observer *observer, const struct open_input *open,
                           const struct stage_record *record);
void observer_export_quarantine(struct tracing_observer *observer, const struct delivery *delivery,
                                const char *reason);
void observer_export_unconcerned(struct tracing_observer *observer,
                                 const struct delivery *delivery);

/* observer_saga.c */
void observer_export_wait(struct tracing_observer *observer, const char *booking_id,
                          const struct note *note, int64_t until_ms);

/* observer_repeats.c */
/* Whether this decision is a repeat that changed nothing; counts it if so. */
bool observer_repeat_fold(struct tracing_observer *observer, const struct open_input *open,
                          const struct decided *decided);
/* How many were folded into this trace since this was asked last. */
int64_t observer_repeats_take(struct tracing_observer *observer, const uint8_t trace_id[16]);

/* observer_publish.c */
void observer_message_owed(void *self, const struct input *cause, struct message *message);
void observer_message_published(void *self, const struct document *document,
                                const struct input *cause, const struct message *message,
                                enum publish_result result, bool is_again);
/* "events:payment.captured:booking-events": empty parts are left out, and a key that equals the
 * queue. Part of the name being made. */
void observer_destination_add(struct span *span, const char *routing_key, const char *queue);
/* messaging.* that every kind has; the destination is the name from `name_offset` on. */
void observer_messaging_add(const struct tracing_observer *observer, struct span *span,
                            const char *operation, const char *type, size_t name_offset);

/* http_observer.c */
void observer_http_answered(void *self, const struct http_request *request,
                            const struct http_answer *answer, int64_t started_ns, int64_t ended_ns);
