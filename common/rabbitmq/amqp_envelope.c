/* amqp_envelope.c - which property or header carries what, what makes a delivery malformed, and
 * what a dead letter's copy leaves out. */
#include "common/rabbitmq/amqp_envelope.h"

#include "common/base/memory.h"
#include "common/rabbitmq/amqp_link.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CONTENT_TYPE          "application/json"
#define HEADER_TRACEPARENT    "traceparent"
#define HEADER_TRACESTATE     "tracestate"
#define HEADER_SCHEMA_VERSION "schema-version"
#define HEADER_REPEAT         "repeat"
#define HEADER_TIMESTAMP_MS   "timestamp_in_ms" /* RabbitMQ's own name for it */
#define HEADER_DELIVERY_COUNT "x-delivery-count"
#define HEADER_REASON         "roundtrip-reason"
#define HEADER_ROUTING_KEY    "roundtrip-routing-key"
#define HEADER_SERVICE        "roundtrip-service"
#define HEADER_LATER_SINCE    "roundtrip-later-since"
#define LETTER_HEADERS_MAX    4

static amqp_table_entry_t text_header(const char *name, const char *value)
{
    return (amqp_table_entry_t){
        .key = amqp_cstring_bytes(name),
        .value = { .kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes(value) },
    };
}

static amqp_table_entry_t int_header(const char *name, int64_t value)
{
    return (amqp_table_entry_t){
        .key = amqp_cstring_bytes(name),
        .value = { .kind = AMQP_FIELD_KIND_I64, .value.i64 = value },
    };
}

static void set_text(amqp_basic_properties_t *properties, amqp_flags_t flag, amqp_bytes_t *field,
                     const char *text)
{
    if (text[0] != '\0') {
        properties->_flags |= flag;
        *field = amqp_cstring_bytes(text);
    }
}

void envelope_write(const struct message *message, amqp_table_entry_t headers[ENVELOPE_HEADERS_MAX],
                    amqp_basic_properties_t *ret_properties)
{
    assert(message->type[0] != '\0' && ret_properties != NULL);
    int count = 0;
    if (message->traceparent[0] != '\0')
        headers[count++] = text_header(HEADER_TRACEPARENT, message->traceparent);
    if (message->tracestate[0] != '\0')
        headers[count++] = text_header(HEADER_TRACESTATE, message->tracestate);
    headers[count++] = int_header(HEADER_SCHEMA_VERSION, message->schema_version);
    if (message->is_repeat) {
        headers[count++] = (amqp_table_entry_t){
            .key = amqp_cstring_bytes(HEADER_REPEAT),
            .value = { .kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1 },
        };
    }
    if (message->timestamp_ms > 0) { /* the property holds whole seconds */
        headers[count++] = (amqp_table_entry_t){
            .key = amqp_cstring_bytes(HEADER_TIMESTAMP_MS),
            .value = { .kind = AMQP_FIELD_KIND_I64, .value.i64 = message->timestamp_ms },
        };
    }
    assert(count <= ENVELOPE_HEADERS_MAX);
    *ret_properties = (amqp_basic_properties_t){
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                  AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_TIMESTAMP_FLAG,
        .content_type = amqp_cstring_bytes(CONTENT_TYPE),
        .delivery_mode = AMQP_DELIVERY_PERSISTENT,
        .timestamp = message->timestamp_ms > 0 ? (uint64_t)message->timestamp_ms / 1000 : 0,
        .headers = { .num_entries = count, .entries = headers },
    };
    set_text(ret_properties, AMQP_BASIC_MESSAGE_ID_FLAG, &ret_properties->message_id, message->id);
    set_text(ret_properties, AMQP_BASIC_TYPE_FLAG, &ret_properties->type, message->type);
    set_text(ret_properties, AMQP_BASIC_CORRELATION_ID_FLAG, &ret_properties->correlation_id,
             message->correlation_id);
    set_text(ret_properties, AMQP_BASIC_APP_ID_FLAG, &ret_properties->app_id, message->app_id);
}

/* The first reason stays. */
static void malformed(struct delivery *delivery, const char *format, ...) PRINTF_LIKE(2, 3);
static void malformed(struct delivery *delivery, const char *format, ...)
{
    if (delivery->malformed[0] == '\0') {
        va_list values;
        va_start(values, format);
        (void)vsnprintf(delivery->malformed, sizeof delivery->malformed, format, values);
        va_end(values);
    }
}

static bool is_printable(amqp_bytes_t bytes)
{
    const unsigned char *at = bytes.bytes;
    for (size_t i = 0; i < bytes.len; i++)
        if (at[i] < ' ' || at[i] > '~')
            return false;
    return true;
}

/* Printable ASCII that fits, or nothing. */
static bool copy_text(amqp_bytes_t bytes, char *text, size_t size)
{
    assert(size > 0);
    if (bytes.len >= size || !is_printable(bytes))
        return false;
    if (bytes.len > 0)
        memcpy(text, bytes.bytes, bytes.len);
    text[bytes.len] = '\0';
    return true;
}

static void read_text(const amqp_basic_properties_t *properties, amqp_flags_t flag,
                      amqp_bytes_t bytes, const char *name, char *text, size_t size,
                      struct delivery *delivery)
{
    if ((properties->_flags & flag) != 0 && !copy_text(bytes, text, size))
        malformed(delivery, "%s is longer than %zu bytes or not printable ASCII", name, size - 1);
}

static const amqp_field_value_t *find_header(const amqp_basic_properties_t *properties,
                                             const char *name)
{
    if ((properties->_flags & AMQP_BASIC_HEADERS_FLAG) == 0)
        return NULL;
    size_t length = strlen(name);
    for (int i = 0; i < properties->headers.num_entries; i++) {
        const amqp_table_entry_t *entry = &properties->headers.entries[i];
        if (entry->key.len == length && memcmp(entry->key.bytes, name, length) == 0)
            return &entry->value;
    }
    return NULL;
}

/* Other clients send text as a byte array. */
static void read_text_header(const amqp_basic_properties_t *properties, const char *name,
                             char *text, size_t size)
{
    const amqp_field_value_t *value = find_header(properties, name);
    if (value != NULL &&
        (value->kind == AMQP_FIELD_KIND_UTF8 || value->kind == AMQP_FIELD_KIND_BYTES))
        (void)copy_text(value->value.bytes, text, size);
}

/* Clients choose the width of an integer by its value. */
static bool read_int(const amqp_field_value_t *value, int64_t *ret)
{
    switch (value->kind) {
    case AMQP_FIELD_KIND_I8:
        *ret = value->value.i8;
        return true;
    case AMQP_FIELD_KIND_U8:
        *ret = value->value.u8;
        return true;
    case AMQP_FIELD_KIND_I16:
        *ret = value->value.i16;
        return true;
    case AMQP_FIELD_KIND_U16:
        *ret = value->value.u16;
        return true;
    case AMQP_FIELD_KIND_I32:
        *ret = value->value.i32;
        return true;
    case AMQP_FIELD_KIND_U32:
        *ret = value->value.u32;
        return true;
    case AMQP_FIELD_KIND_I64:
        *ret = value->value.i64;
        return true;
    default:
        return false;
    }
}

static bool is_json(amqp_bytes_t content_type)
{
    size_t length = sizeof CONTENT_TYPE - 1;
    const char *at = content_type.bytes;
    return content_type.len >= length && strncasecmp(at, CONTENT_TYPE, length) == 0 &&
           (content_type.len == length || at[length] == ';' || at[length] == ' ');
}

static void read_content(const amqp_basic_properties_t *properties, uint64_t body_size,
                         struct delivery *delivery)
{
    if ((properties->_flags & AMQP_BASIC_CONTENT_TYPE_FLAG) != 0 &&
        !is_json(properties->content_type))
        malformed(delivery, "content_type is not " CONTENT_TYPE);
    if ((properties->_flags & AMQP_BASIC_CONTENT_ENCODING_FLAG) != 0 &&
        properties->content_encoding.len != 0 &&
        (properties->content_encoding.len != 5 ||
         strncasecmp(properties->content_encoding.bytes, "utf-8", 5) != 0))
        malformed(delivery, "content_encoding is not supported");
    if (body_size > MESSAGE_BODY_BYTES_MAX) {
        malformed(delivery, "body of %llu bytes is larger than %d", (unsigned long long)body_size,
                  MESSAGE_BODY_BYTES_MAX);
    }
}

/* A missing type is taken from the routing key, which is the same thing by design. */
static void read_type(const amqp_basic_properties_t *properties, const char *exchange,
                      const char *routing_key, struct delivery *delivery)
{
    struct message *message = &delivery->message;
    bool is_routed_by_type = exchange[0] != '\0';
    read_text(properties, AMQP_BASIC_TYPE_FLAG, properties->type, "type", message->type,
              sizeof message->type, delivery);
    if ((properties->_flags & AMQP_BASIC_TYPE_FLAG) == 0 && is_routed_by_type &&
        !copy_text(amqp_cstring_bytes(routing_key), message->type, sizeof message->type))
        malformed(delivery, "routing key is no type");
    if (message->type[0] == '\0')
        malformed(delivery, "type is missing");
    else if (is_routed_by_type && strcmp(message->type, routing_key) != 0)
        malformed(delivery, "type differs from the routing key");
}

/* The header says it to the millisecond, where it agrees with the property. */
static void read_time(const amqp_basic_properties_t *properties, struct message *message)
{
    int64_t exact_ms = 0;
    const amqp_field_value_t *exact = find_header(properties, HEADER_TIMESTAMP_MS);
    if ((properties->_flags & AMQP_BASIC_TIMESTAMP_FLAG) == 0 ||
        properties->timestamp > INT64_MAX / 1000)
        return;
    message->timestamp_ms = (int64_t)properties->timestamp * 1000;
    if (exact != NULL && read_int(exact, &exact_ms) &&
        exact_ms / 1000 * 1000 == message->timestamp_ms)
        message->timestamp_ms = exact_ms;
}

void envelope_read(const amqp_basic_properties_t *properties, const char *exchange,
                   const char *routing_key, uint64_t body_size, struct delivery *delivery)
{
    assert(properties != NULL && exchange != NULL && routing_key != NULL);
    struct message *message = &delivery->message;
    read_text(properties, AMQP_BASIC_MESSAGE_ID_FLAG, properties->message_id, "message_id",
              message->id, sizeof message->id, delivery);
    if (message->id[0] == '\0') {
        malformed(delivery,
                  "message_id is missing: the producer names each message, and repeats the "
                  "name with the message");
    }
    read_type(properties, exchange, routing_key, delivery);
    read_text(properties, AMQP_BASIC_CORRELATION_ID_FLAG, properties->correlation_id,
              "correlation_id", message->correlation_id, sizeof message->correlation_id, delivery);
    if (message->correlation_id[0] != '\0' &&
        !ident_is_valid(message->correlation_id, strlen(message->correlation_id))) {
        message->correlation_id[0] = '\0';
        malformed(delivery, "correlation_id is not an identifier");
    }
    read_text(properties, AMQP_BASIC_APP_ID_FLAG, properties->app_id, "app_id", message->app_id,
              sizeof message->app_id, delivery);
    read_content(properties, body_size, delivery);

    read_time(properties, message);
    message->schema_version = SCHEMA_FIRST;
    const amqp_field_value_t *version = find_header(properties, HEADER_SCHEMA_VERSION);
    if (version != NULL && !read_int(version, &message->schema_version))
        malformed(delivery, "header schema-version is not an integer");
    const amqp_field_value_t *repeat = find_header(properties, HEADER_REPEAT);
    message->is_repeat =
        repeat != NULL && repeat->kind == AMQP_FIELD_KIND_BOOLEAN && repeat->value.boolean != 0;
    read_text_header(properties, HEADER_TRACEPARENT, message->traceparent,
                     sizeof message->traceparent);
    read_text_header(properties, HEADER_TRACESTATE, message->tracestate,
                     sizeof message->tracestate);
    const amqp_field_value_t *since = find_header(properties, HEADER_LATER_SINCE);
    if (since == NULL || !read_int(since, &delivery->later_since_ms) ||
        delivery->later_since_ms < 0)
        delivery->later_since_ms = 0;
    const amqp_field_value_t *count = find_header(properties, HEADER_DELIVERY_COUNT);
    if (count != NULL && read_int(count, &delivery->delivery_count) && delivery->delivery_count < 0)
        delivery->delivery_count = 0;
}

static bool is_left_out(amqp_bytes_t key)
{
    static const char *const names[] = { HEADER_REASON,
                                         HEADER_ROUTING_KEY,
                                         HEADER_SERVICE,
                                         HEADER_LATER_SINCE,
                                         HEADER_DELIVERY_COUNT,
                                         "CC",
                                         "BCC",
                                         "x-death",
                                         "x-first-death-exchange",
                                         "x-first-death-queue",
                                         "x-first-death-reason",
                                         "x-last-death-exchange",
                                         "x-last-death-queue",
                                         "x-last-death-reason" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (key.len == strlen(names[i]) && memcmp(key.bytes, names[i], key.len) == 0)
            return true;
    return false;
}

bool envelope_copy(amqp_bytes_t raw, const struct envelope_letter *letter, amqp_pool_t *pool,
                   amqp_basic_properties_t *ret_properties, struct error *error)
{
    assert(letter->reason != NULL && letter->routing_key != NULL && letter->service != NULL);
    void *decoded = NULL;
    int status = amqp_decode_properties(AMQP_BASIC_CLASS, pool, raw, &decoded);
    if (!bus_status_check(status, "read the original properties", error))
        return false;
    amqp_basic_properties_t properties = *(amqp_basic_properties_t *)decoded;
    int original =
        (properties._flags & AMQP_BASIC_HEADERS_FLAG) != 0 ? properties.headers.num_entries : 0;
    amqp_table_entry_t *entries = memory_check(
        amqp_pool_alloc(pool, ((size_t)original + LETTER_HEADERS_MAX) * sizeof *entries));
    int count = 0;
    for (int i = 0; i < original; i++)
        if (!is_left_out(properties.headers.entries[i].key))
            entries[count++] = properties.headers.entries[i];
    entries[count++] = text_header(HEADER_REASON, letter->reason);
    entries[count++] = text_header(HEADER_ROUTING_KEY, letter->routing_key);
    entries[count++] = text_header(HEADER_SERVICE, letter->service);
    if (letter->later_since_ms != 0)
        entries[count++] = int_header(HEADER_LATER_SINCE, letter->later_since_ms);
    assert(count <= original + LETTER_HEADERS_MAX);
    if (letter->type != NULL && (properties._flags & AMQP_BASIC_TYPE_FLAG) == 0)
        set_text(&properties, AMQP_BASIC_TYPE_FLAG, &properties.type, letter->type);
    properties._flags &= ~(amqp_flags_t)(AMQP_BASIC_EXPIRATION_FLAG | AMQP_BASIC_USER_ID_FLAG);
    properties._flags |= AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
    properties.headers = (amqp_table_t){ .num_entries = count, .entries = entries };
    *ret_properties = properties;
    return true;
}
