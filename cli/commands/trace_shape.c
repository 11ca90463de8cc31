/* trace_shape.c - finds missing roots, parents, saves and deliveries in a trace, and which killed
 * process may have taken them along. */
#include "cli/commands/trace_shape.h"
#include "common/base/enum_list.h"

#include "events/topology.h"
#include "services/registry.h"
#include "tracing/tracing.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PUBLISH     "publish events:"
#define PROCESS     "process events:"
#define ID_HEX_SIZE 17

const char *flaw_text(enum flaw_kind kind)
{
    static const char *const texts[] = { FLAWS(ENUM_TEXT) };
    return texts[kind];
}

void shapes_done(struct shapes *shapes)
{
    arena_done(&shapes->arena);
    memset(shapes, 0, sizeof *shapes);
}

struct flaw *shapes_flaw_add(struct shapes *shapes, enum flaw_kind kind, const char *booking_id)
{
    struct flaw *flaw = arena_alloc(&shapes->arena, sizeof *flaw);
    *flaw = (struct flaw){ .kind = kind, .service = "", .next = shapes->flaws };
    snprintf(flaw->booking_id, sizeof flaw->booking_id, "%s", booking_id);
    shapes->flaws = flaw;
    return flaw;
}

void shapes_forget(struct shapes *shapes, const char *booking_id)
{
    struct flaw **at = &shapes->flaws;
    while (*at != NULL)
        if (strcmp((*at)->booking_id, booking_id) == 0)
            *at = (*at)->next;
        else
            at = &(*at)->next;
}

static const char *keep(struct shapes *shapes, const char *text, size_t length)
{
    return arena_text(&shapes->arena, text, length);
}

/* ---- processes ---- */

static void process_note(struct shapes *shapes, const struct trace_span *span)
{
    struct shape_process *process = shapes->processes;
    if (span->instance[0] == '\0')
        return;
    while (process != NULL && strcmp(process->instance, span->instance) != 0)
        process = process->next;
    if (process == NULL) {
        process = arena_alloc(&shapes->arena, sizeof *process);
        *process = (struct shape_process){
            .service = keep(shapes, span->service, strlen(span->service)),
            .instance = keep(shapes, span->instance, strlen(span->instance)),
            .first_ns = span->started_ns,
            .last_ns = span->ended_ns,
            .next = shapes->processes,
        };
        shapes->processes = process;
    }
    if (span->started_ns < process->first_ns)
        process->first_ns = span->started_ns;
    if (span->ended_ns > process->last_ns)
        process->last_ns = span->ended_ns;
}

static bool has_successor(const struct shapes *shapes, const struct shape_process *process)
{
    for (const struct shape_process *at = shapes->processes; at != NULL; at = at->next)
        if (strcmp(at->service, process->service) == 0 && at->first_ns > process->last_ns)
            return true;
    return false;
}

const struct shape_process *shapes_lost_with(const struct shapes *shapes, const struct flaw *flaw,
                                             int64_t export_delay_ns)
{
    for (const struct shape_process *at = shapes->processes; at != NULL; at = at->next)
        if (strcmp(at->service, flaw->service) == 0 && has_successor(shapes, at) &&
            flaw->from_ns <= at->last_ns + export_delay_ns && flaw->to_ns >= at->last_ns)
            return at;
    return NULL;
}

/* ---- one trace ---- */

struct judging {
    struct shapes *shapes;
    const struct spans *spans;
    const char *booking_id;
    int64_t first_ns, last_ns; /* of the whole trace */
    size_t flaws;
};

static void flawed(struct judging *judging, enum flaw_kind kind, const char *service,
                   int64_t from_ns, int64_t to_ns, const char *format, ...) PRINTF_LIKE(6, 7);
static void flawed(struct judging *judging, enum flaw_kind kind, const char *service,
                   int64_t from_ns, int64_t to_ns, const char *format, ...)
{
    va_list values;
    struct flaw *flaw = shapes_flaw_add(judging->shapes, kind, judging->booking_id);
    va_start(values, format);
    vsnprintf(flaw->text, sizeof flaw->text, format, values);
    va_end(values);
    flaw->service = keep(judging->shapes, service, strlen(service));
    flaw->from_ns = from_ns;
    flaw->to_ns = to_ns;
    judging->flaws++;
}

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static const struct trace_span *span_find(const struct judging *judging, const char *id)
{
    for (size_t i = 0; i < judging->spans->count; i++)
        if (strcmp(judging->spans->all[i].id, id) == 0)
            return &judging->spans->all[i];
    return NULL;
}

/* Messages are named by who owes them: "gateway:<document>:<version>:<position>". */
static const char *publisher_of(struct judging *judging, const struct trace_span *span)
{
    const char *colon = strchr(span->message_id, ':');
    if (!begins_with(span->name, PROCESS) || colon == NULL)
        return span->service;
    return keep(judging->shapes, span->message_id, (size_t)(colon - span->message_id));
}

/* A parent may well end after its child: that it began before is all that is known. */
static void parents_judge(struct judging *judging, const char *root_id)
{
    for (size_t i = 0; i < judging->spans->count; i++) {
        const struct trace_span *span = &judging->spans->all[i];
        bool is_root = strcmp(span->id, root_id) == 0;
        if (span->parent[0] == '\0' && !is_root)
            flawed(judging, FLAW_ORPHAN, "", 0, 0, "%s %s has no parent and is no root",
                   span->service, span->name);
        else if (!is_root && span_find(judging, span->parent) == NULL &&
                 strcmp(span->parent, root_id) != 0)
            flawed(judging, FLAW_ORPHAN, publisher_of(judging, span), judging->first_ns,
                   judging->last_ns, "the parent of %s %s is missing", span->service, span->name);
    }
}

static const struct trace_span *processed(const struct judging *judging,
                                          const struct trace_span *publish, const char *queue)
{
    for (size_t i = 0; i < judging->spans->count; i++) {
        const struct trace_span *span = &judging->spans->all[i];
        size_t length = strlen(span->name), tail = strlen(queue);
        if (begins_with(span->name, PROCESS) && length > tail &&
            strcmp(span->name + length - tail, queue) == 0 &&
            strcmp(span->message_id, publish->message_id) == 0)
            return span;
    }
    return NULL;
}

/* What was published for the first time is processed at each queue that is bound to it. */
static void publish_judge(struct judging *judging, const struct trace_span *publish)
{
    const char *key = publish->name + strlen(PUBLISH);
    for (size_t i = 0; i < event_binding_count; i++) {
        const struct topology_binding *binding = &event_bindings[i];
        const struct service_description *listener = service_of_queue(binding->queue);
        assert(listener != NULL); /* every queue of the topology is a service's */
        if (strcmp(binding->routing_key, key) != 0 ||
            processed(judging, publish, binding->queue) != NULL)
            continue;
        flawed(judging, FLAW_HOLE, listener->name, publish->started_ns, judging->last_ns,
               "%s %s was not processed at %s", publish->service, publish->name, binding->queue);
    }
}

/* A round trip serves a batch: it hangs under the first of its inputs. */
static bool is_saved(const struct judging *judging, const struct trace_span *input)
{
    for (size_t i = 0; i < judging->spans->count; i++) {
        const struct trace_span *span = &judging->spans->all[i];
        if (begins_with(span->name, "update ") && strcmp(span->service, input->service) == 0 &&
            span->started_ns <= input->ended_ns && span->ended_ns >= input->started_ns)
            return true;
    }
    return false;
}

static void steps_judge(struct judging *judging)
{
    for (size_t i = 0; i < judging->spans->count; i++) {
        const struct trace_span *span = &judging->spans->all[i];
        bool has_moved = span->state_to[0] != '\0' && strcmp(span->state_from, span->state_to) != 0;
        if (begins_with(span->name, PUBLISH) && strcmp(span->kind, "producer") == 0 &&
            span->error[0] == '\0')
            publish_judge(judging, span);
        if (has_moved && !is_saved(judging, span))
            flawed(judging, FLAW_HOLE, span->service, span->started_ns, span->ended_ns,
                   "%s %s has changed the state and no save", span->service, span->name);
    }
}

static void decision_judge(struct judging *judging, const struct trace_span *root)
{
    for (size_t i = 0; i < judging->spans->count; i++) {
        const struct trace_span *span = &judging->spans->all[i];
        if (strcmp(span->service, "booking") == 0 && strcmp(span->state_to, root->state) == 0 &&
            strcmp(span->state_from, span->state_to) != 0)
            return;
    }
    flawed(judging, FLAW_HOLE, "booking", root->ended_ns, judging->last_ns,
           "the decision that made it %s is missing", root->state);
}

static void extent_find(struct judging *judging)
{
    judging->first_ns = INT64_MAX;
    for (size_t i = 0; i < judging->spans->count; i++) {
        const struct trace_span *span = &judging->spans->all[i];
        process_note(judging->shapes, span);
        if (span->started_ns < judging->first_ns)
            judging->first_ns = span->started_ns;
        if (span->ended_ns > judging->last_ns)
            judging->last_ns = span->ended_ns;
    }
}

size_t shapes_judge(struct shapes *shapes, struct spans *spans, const char *booking_id)
{
    uint8_t id[8];
    char root_id[ID_HEX_SIZE];
    struct judging judging = { .shapes = shapes, .spans = spans, .booking_id = booking_id };
    tracing_booking_root_id(booking_id, id);
    for (size_t i = 0; i < sizeof id; i++)
        snprintf(root_id + 2 * i, 3, "%02x", id[i]);
    extent_find(&judging);
    const struct trace_span *root = span_find(&judging, root_id);
    if (root == NULL)
        flawed(&judging, FLAW_NO_ROOT, "", 0, 0, "the root is missing");
    parents_judge(&judging, root_id);
    steps_judge(&judging);
    if (root != NULL)
        decision_judge(&judging, root);
    return judging.flaws;
}
