/* amqp_topology.c - the queues' arguments, and the walk over the table, which may stop after any
 * part. */
#include "common/rabbitmq/amqp_topology.h"

#include "common/base/clock.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define TOPOLOGY_CHANNEL   1 /* of its own, since a refusal closes the channel */
#define QUEUE_ARGUMENT_MAX 8

struct queue_arguments {
    amqp_table_entry_t entries[QUEUE_ARGUMENT_MAX];
    int count;
};

static void argument_text(struct queue_arguments *arguments, const char *name, const char *value)
{
    assert(arguments->count < QUEUE_ARGUMENT_MAX);
    arguments->entries[arguments->count++] = (amqp_table_entry_t){
        .key = amqp_cstring_bytes(name),
        .value = { .kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes(value) },
    };
}

static void argument_int(struct queue_arguments *arguments, const char *name, int64_t value)
{
    assert(arguments->count < QUEUE_ARGUMENT_MAX);
    arguments->entries[arguments->count++] = (amqp_table_entry_t){
        .key = amqp_cstring_bytes(name),
        .value = { .kind = AMQP_FIELD_KIND_I64, .value.i64 = value },
    };
}

static bool name_make(const char *queue, const char *suffix, char name[TOPOLOGY_NAME_SIZE],
                      struct error *error)
{
    int length = snprintf(name, TOPOLOGY_NAME_SIZE, "%s%s", queue, suffix);
    return (length > 0 && length < TOPOLOGY_NAME_SIZE) ||
           error_set(error, ERROR_BUG, "queue name too long: %s", queue);
}

static bool queue_declare(struct bus_link *link, const char *queue, bool is_passive,
                          const struct queue_arguments *arguments, struct error *error)
{
    amqp_table_entry_t entries[QUEUE_ARGUMENT_MAX];
    memcpy(entries, arguments->entries, sizeof entries);
    amqp_table_t table = { .num_entries = arguments->count, .entries = entries };
    (void)amqp_queue_declare(link->state, TOPOLOGY_CHANNEL, amqp_cstring_bytes(queue), is_passive,
                             true, false, false, table);
    amqp_rpc_reply_t reply = amqp_get_rpc_reply(link->state);
    char what[TOPOLOGY_NAME_SIZE + 16];
    (void)snprintf(what, sizeof what, "queue %.64s", queue);
    if (bus_reply_check(reply, what, error))
        return true;
    if (error->code == ERROR_REJECT && !is_passive &&
        strstr(error->message, "PRECONDITION_FAILED") != NULL)
        error_wrap(error, "exists with other arguments: empty and delete it, then start again");
    else if (error->code == ERROR_REJECT && is_passive)
        error_wrap(error, "is not there: load the definitions file into the broker");
    return false;
}

static bool dead_queue_declare(struct bus_link *link, const char *name, bool is_passive,
                               struct error *error)
{
    struct queue_arguments arguments = { 0 };
    argument_text(&arguments, "x-queue-type", "quorum");
    argument_text(&arguments, "x-overflow", "reject-publish");
    argument_int(&arguments, "x-max-length", TOPOLOGY_DEAD_LENGTH_MAX);
    argument_int(&arguments, "x-delivery-limit", TOPOLOGY_DEAD_DELIVERY_LIMIT);
    return queue_declare(link, name, is_passive, &arguments, error);
}

/* Nobody consumes it: its messages die of age, straight into the queue that they came from. They
 * are copies, each published anew: the broker counts no cycle, which it would break by dropping. */
static bool later_queue_declare(struct bus_link *link, const char *queue, bool is_passive,
                                struct error *error)
{
    char later[TOPOLOGY_NAME_SIZE];
    struct queue_arguments arguments = { 0 };
    argument_text(&arguments, "x-queue-type", "quorum");
    argument_int(&arguments, "x-message-ttl", TOPOLOGY_LATER_TTL_MS);
    argument_text(&arguments, "x-dead-letter-exchange", "");
    argument_text(&arguments, "x-dead-letter-routing-key", queue);
    argument_text(&arguments, "x-dead-letter-strategy", "at-least-once");
    argument_text(&arguments, "x-overflow", "reject-publish");
    argument_int(&arguments, "x-max-length", TOPOLOGY_LATER_LENGTH_MAX);
    argument_int(&arguments, "x-delivery-limit", TOPOLOGY_DEAD_DELIVERY_LIMIT);
    return name_make(queue, TOPOLOGY_LATER_SUFFIX, later, error) &&
           queue_declare(link, later, is_passive, &arguments, error);
}

/* The dead letter queue first: what is dead-lettered must have somewhere to go. */
static bool queues_declare(struct bus_link *link, const char *queue, bool is_passive,
                           struct error *error)
{
    char dead[TOPOLOGY_NAME_SIZE];
    struct queue_arguments arguments = { 0 };
    if (!name_make(queue, TOPOLOGY_DEAD_SUFFIX, dead, error) ||
        !dead_queue_declare(link, dead, is_passive, error))
        return false;
    argument_text(&arguments, "x-queue-type", "quorum");
    argument_int(&arguments, "x-delivery-limit", TOPOLOGY_DELIVERY_LIMIT);
    argument_text(&arguments, "x-dead-letter-exchange", "");
    argument_text(&arguments, "x-dead-letter-routing-key", dead);
    /* At-least-once holds only together with reject-publish and a bound on the length. */
    argument_text(&arguments, "x-dead-letter-strategy", "at-least-once");
    argument_text(&arguments, "x-overflow", "reject-publish");
    argument_int(&arguments, "x-max-length", TOPOLOGY_QUEUE_LENGTH_MAX);
    return queue_declare(link, queue, is_passive, &arguments, error) &&
           later_queue_declare(link, queue, is_passive, error);
}

static bool exchange_declare(struct bus_link *link, bool is_passive, struct error *error)
{
    (void)amqp_exchange_declare(link->state, TOPOLOGY_CHANNEL,
                                amqp_cstring_bytes(TOPOLOGY_EXCHANGE), amqp_cstring_bytes("topic"),
                                is_passive, true, false, false, amqp_empty_table);
    return bus_reply_check(amqp_get_rpc_reply(link->state), "exchange " TOPOLOGY_EXCHANGE, error);
}

static bool binding_declare(struct bus_link *link, const struct topology_binding *binding,
                            struct error *error)
{
    (void)amqp_queue_bind(link->state, TOPOLOGY_CHANNEL, amqp_cstring_bytes(binding->queue),
                          amqp_cstring_bytes(TOPOLOGY_EXCHANGE),
                          amqp_cstring_bytes(binding->routing_key), amqp_empty_table);
    return bus_reply_check(amqp_get_rpc_reply(link->state), "binding", error) ||
           error_wrap(error, "%s <- %s", binding->queue, binding->routing_key);
}

static bool is_first_of_queue(const struct amqp_bus_options *options, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(options->bindings[i].queue, options->bindings[index].queue) == 0)
            return false;
    return strcmp(options->bindings[index].queue, options->queue) != 0;
}

/* The parts of the walk: the channel and the exchange, the own queue, the table's rows, the end. */
#define WALK_OWN_QUEUE 1
#define WALK_FIRST_ROW 2

static size_t walk_length(const struct amqp_bus_options *options)
{
    return WALK_FIRST_ROW + (options->may_declare ? options->binding_count : 0) + 1;
}

static bool begin_walk(struct bus_link *link, bool is_passive, struct error *error)
{
    (void)amqp_channel_open(link->state, TOPOLOGY_CHANNEL);
    return bus_reply_check(amqp_get_rpc_reply(link->state), "open channel", error) &&
           exchange_declare(link, is_passive, error);
}

static bool row_declare(struct bus_link *link, const struct amqp_bus_options *options, size_t row,
                        struct error *error)
{
    assert(row < options->binding_count);
    const struct topology_binding *binding = &options->bindings[row];
    return (!is_first_of_queue(options, row) ||
            queues_declare(link, binding->queue, false, error)) &&
           binding_declare(link, binding, error);
}

static bool end_walk(struct bus_link *link, struct error *error)
{
    amqp_rpc_reply_t reply = amqp_channel_close(link->state, TOPOLOGY_CHANNEL, AMQP_REPLY_SUCCESS);
    return bus_reply_check(reply, "close channel", error);
}

bool topology_step(struct bus_link *link, const struct amqp_bus_options *options, size_t *part,
                   struct error *error)
{
    assert(*part < walk_length(options));
    assert(link->state != NULL && options->queue != NULL);
    size_t at = *part;
    bool is_passive = !options->may_declare, is_good;
    if (at == 0)
        is_good = begin_walk(link, is_passive, error);
    else if (at == WALK_OWN_QUEUE)
        is_good = queues_declare(link, options->queue, is_passive, error);
    else if (at + 1 < walk_length(options))
        is_good = row_declare(link, options, at - WALK_FIRST_ROW, error);
    else
        is_good = end_walk(link, error);
    *part = at + 1 < walk_length(options) ? at + 1 : 0;
    return is_good || error_wrap(error, "topology");
}

bool topology_ensure(struct bus_link *link, const struct amqp_bus_options *options,
                     struct error *error)
{
    assert(link->state != NULL);
    int64_t begin_ms = clock_monotonic_ms();
    size_t part = 0;
    do {
        if (clock_monotonic_ms() - begin_ms > TOPOLOGY_TIMEOUT_MS) {
            return error_set(error, ERROR_RETRY, "topology: takes longer than %d ms",
                             TOPOLOGY_TIMEOUT_MS);
        }
        if (!topology_step(link, options, &part, error))
            return false;
    } while (part != 0);
    return true;
}
