/* amqp_letter.c - reads where a message came from and why it died, out of our headers, else the
 * broker's x-death; takes the marks of death off again. */
#include "cli/sources/amqp_letter.h"

#include "common/base/memory.h"
#include "common/rabbitmq/amqp_bus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_REASON      "roundtrip-reason"
#define HEADER_ROUTING_KEY "roundtrip-routing-key"
#define HEADER_SERVICE     "roundtrip-service"

/* Cut to what fits; what is not printable ASCII becomes '.'. */
static void text_read(amqp_bytes_t bytes, char *text, size_t size)
{
    const unsigned char *at = bytes.bytes;
    size_t length = bytes.len < size ? bytes.len : size - 1;
    for (size_t i = 0; i < length; i++)
        text[i] = at[i] >= ' ' && at[i] < 0x7f ? (char)at[i] : '.';
    text[length] = '\0';
}

static bool key_is(const amqp_table_entry_t *entry, const char *key)
{
    size_t length = strlen(key);
    return entry->key.len == length && memcmp(entry->key.bytes, key, length) == 0;
}

static const amqp_field_value_t *find(const amqp_table_t *table, const char *key)
{
    for (int i = 0; i < table->num_entries; i++)
        if (key_is(&table->entries[i], key))
            return &table->entries[i].value;
    return NULL;
}

static void header_read(const amqp_table_t *table, const char *key, char *text, size_t size)
{
    const amqp_field_value_t *value = find(table, key);
    if (value != NULL &&
        (value->kind == AMQP_FIELD_KIND_UTF8 || value->kind == AMQP_FIELD_KIND_BYTES))
        text_read(value->value.bytes, text, size);
}

static void property_read(const amqp_basic_properties_t *properties, amqp_flags_t flag,
                          amqp_bytes_t bytes, char *text)
{
    if ((properties->_flags & flag) != 0)
        text_read(bytes, text, LETTER_TEXT_SIZE);
}

/* The broker's own note of a death, newest first; the last one is the first. True: it names the
 * exchange. */
static bool death_read(const amqp_table_t *headers, struct letter *letter)
{
    const amqp_field_value_t *deaths = find(headers, "x-death");
    if (deaths == NULL || deaths->kind != AMQP_FIELD_KIND_ARRAY ||
        deaths->value.array.num_entries == 0)
        return false;
    const amqp_field_value_t *first =
        &deaths->value.array.entries[deaths->value.array.num_entries - 1];
    if (first->kind != AMQP_FIELD_KIND_TABLE)
        return false;
    const amqp_table_t *death = &first->value.table;
    if (letter->reason[0] == '\0')
        header_read(death, "reason", letter->reason, sizeof letter->reason);
    header_read(death, "exchange", letter->first_exchange, sizeof letter->first_exchange);
    const amqp_field_value_t *keys = find(death, "routing-keys");
    if (letter->first_key[0] == '\0' && keys != NULL && keys->kind == AMQP_FIELD_KIND_ARRAY &&
        keys->value.array.num_entries > 0 &&
        keys->value.array.entries[0].kind == AMQP_FIELD_KIND_UTF8)
        text_read(keys->value.array.entries[0].value.bytes, letter->first_key,
                  sizeof letter->first_key);
    return find(death, "exchange") != NULL;
}

/* Where it was sent at first. A service notes only the key: what came by the default exchange has
 * a queue's name there, and no event's type has a dash and no dot. */
static void origin_find(struct letter *letter, bool has_exchange)
{
    if (letter->first_key[0] == '\0')
        memcpy(letter->first_key, letter->type, sizeof letter->first_key);
    if (has_exchange)
        return;
    bool is_queue = strchr(letter->first_key, '.') == NULL;
    snprintf(letter->first_exchange, sizeof letter->first_exchange, "%s",
             is_queue ? "" : TOPOLOGY_EXCHANGE);
}

void letter_read(const amqp_message_t *message, amqp_bytes_t exchange, amqp_bytes_t routing_key,
                 struct letter *ret_letter)
{
    const amqp_basic_properties_t *properties = &message->properties;
    static const amqp_table_t none = { 0 };
    bool has_headers = (properties->_flags & AMQP_BASIC_HEADERS_FLAG) != 0;
    const amqp_table_t *headers = has_headers ? &properties->headers : &none;
    struct letter *letter = ret_letter;
    memset(letter, 0, sizeof *letter);
    text_read(exchange, letter->exchange, sizeof letter->exchange);
    text_read(routing_key, letter->routing_key, sizeof letter->routing_key);
    property_read(properties, AMQP_BASIC_MESSAGE_ID_FLAG, properties->message_id, letter->id);
    property_read(properties, AMQP_BASIC_TYPE_FLAG, properties->type, letter->type);
    property_read(properties, AMQP_BASIC_CORRELATION_ID_FLAG, properties->correlation_id,
                  letter->correlation_id);
    property_read(properties, AMQP_BASIC_APP_ID_FLAG, properties->app_id, letter->app_id);
    if ((properties->_flags & AMQP_BASIC_TIMESTAMP_FLAG) != 0 &&
        properties->timestamp < INT64_MAX / 1000)
        letter->timestamp_s = (int64_t)properties->timestamp;
    header_read(headers, "traceparent", letter->traceparent, sizeof letter->traceparent);
    const amqp_field_value_t *repeat = find(headers, "repeat");
    letter->is_repeat =
        repeat != NULL && repeat->kind == AMQP_FIELD_KIND_BOOLEAN && repeat->value.boolean != 0;
    header_read(headers, HEADER_REASON, letter->reason, sizeof letter->reason);
    header_read(headers, HEADER_SERVICE, letter->service, sizeof letter->service);
    header_read(headers, HEADER_ROUTING_KEY, letter->first_key, sizeof letter->first_key);
    origin_find(letter, death_read(headers, letter));
    letter->body = message->body.bytes;
    letter->body_length = message->body.len;
}

static bool is_mark_of_death(const amqp_table_entry_t *entry)
{
    const char *key = entry->key.bytes;
    return (entry->key.len >= 2 && memcmp(key, "x-", 2) == 0) || key_is(entry, HEADER_REASON) ||
           key_is(entry, HEADER_ROUTING_KEY) || key_is(entry, HEADER_SERVICE);
}

amqp_table_entry_t *letter_revive(const amqp_basic_properties_t *original,
                                  amqp_basic_properties_t *ret_properties)
{
    bool has_headers = (original->_flags & AMQP_BASIC_HEADERS_FLAG) != 0;
    int count = has_headers ? original->headers.num_entries : 0;
    amqp_table_entry_t *headers = memory_alloc((size_t)count + 1, sizeof *headers);
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (!is_mark_of_death(&original->headers.entries[i]))
            headers[kept++] = original->headers.entries[i];
    *ret_properties = *original;
    ret_properties->_flags &= ~(amqp_flags_t)AMQP_BASIC_USER_ID_FLAG; /* ours is another */
    ret_properties->_flags |= AMQP_BASIC_DELIVERY_MODE_FLAG;
    ret_properties->delivery_mode = AMQP_DELIVERY_PERSISTENT;
    ret_properties->headers = (amqp_table_t){ .num_entries = kept, .entries = headers };
    return headers;
}
