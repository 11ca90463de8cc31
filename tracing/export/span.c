/* span.c - adds names, attributes, events and links to a span in place, and counts what finds no
 * room. */
#include "tracing/export/span.h"
#include "common/base/enum_list.h"

#include <assert.h>
#include <string.h>

_Static_assert(SPAN_KEY_COUNT <= UINT8_MAX, "a key fits its field");
_Static_assert(sizeof(struct span) <= 1792, "a queue of spans stays small");

const char *span_key_text(enum span_key key)
{
    static const char *const texts[] = { SPAN_KEYS(ENUM_TEXT) };
    _Static_assert(sizeof texts / sizeof texts[0] == SPAN_KEY_COUNT, "a text for every key");
    assert(key < SPAN_KEY_COUNT);
    return texts[key];
}

static bool text_add(struct span *span, const char *text, size_t length)
{
    assert(span->text_length <= SPAN_TEXT_BYTES);
    if (length > (size_t)SPAN_TEXT_BYTES - span->text_length)
        return false;
    memcpy(span->text + span->text_length, text, length);
    span->text_length = (uint16_t)(span->text_length + length);
    return true;
}

static void count_dropped(uint8_t *count)
{
    if (*count < UINT8_MAX)
        ++*count;
}

void span_begin(struct span *span, const struct span_place *place, enum span_kind kind,
                int64_t started_ns)
{
    assert(started_ns >= 0);
    memset(span, 0, offsetof(struct span, attributes));
    span->place = *place;
    span->kind = (uint8_t)kind;
    span->started_ns = started_ns;
    span->ended_ns = started_ns;
}

void span_end(struct span *span, int64_t ended_ns)
{
    assert(span->kind != 0); /* begun */
    span->ended_ns = ended_ns > span->started_ns ? ended_ns : span->started_ns;
}

void span_name_add(struct span *span, const char *piece)
{
    assert(span->text_length == span->name_at + span->name_length);
    size_t length = strlen(piece);
    if (text_add(span, piece, length))
        span->name_length = (uint16_t)(span->name_length + length);
}

static struct span_attribute *attribute_add(struct span *span, enum span_key key,
                                            enum span_value value)
{
    assert(span->attribute_count <= SPAN_ATTRIBUTES_MAX);
    if (span->attribute_count == SPAN_ATTRIBUTES_MAX) {
        count_dropped(&span->dropped_attributes);
        return NULL;
    }
    struct span_attribute *attribute = &span->attributes[span->attribute_count++];
    attribute->key = (uint8_t)key;
    attribute->value = (uint8_t)value;
    return attribute;
}

void span_text(struct span *span, enum span_key key, const char *text)
{
    assert(key < SPAN_KEY_COUNT);
    if (text == NULL || text[0] == '\0')
        return;
    size_t at = span->text_length, length = strlen(text);
    if (!text_add(span, text, length)) {
        count_dropped(&span->dropped_attributes);
        return;
    }
    struct span_attribute *attribute = attribute_add(span, key, SPAN_VALUE_TEXT);
    if (attribute != NULL) {
        attribute->at = (uint16_t)at;
        attribute->length = (uint16_t)length;
    }
}

void span_lasting(struct span *span, enum span_key key, const char *text)
{
    assert(key < SPAN_KEY_COUNT && text != NULL);
    if (text == NULL || text[0] == '\0')
        return;
    struct span_attribute *attribute = attribute_add(span, key, SPAN_VALUE_LASTING);
    if (attribute != NULL)
        attribute->lasting = text;
}

void span_int(struct span *span, enum span_key key, int64_t value)
{
    assert(key < SPAN_KEY_COUNT);
    struct span_attribute *attribute = attribute_add(span, key, SPAN_VALUE_INT);
    if (attribute != NULL)
        attribute->number = value;
}

void span_text_of_name(struct span *span, enum span_key key, size_t offset)
{
    assert(offset <= span->name_length);
    if (offset >= span->name_length)
        return;
    struct span_attribute *attribute = attribute_add(span, key, SPAN_VALUE_TEXT);
    if (attribute != NULL) {
        attribute->at = (uint16_t)(span->name_at + offset);
        attribute->length = (uint16_t)(span->name_length - offset);
    }
}

int64_t span_wait_ms(int64_t now_ns, int64_t since_ms)
{
    int64_t wait_ms = now_ns / 1000000 - since_ms;
    if (since_ms <= 0)
        return -1;
    return wait_ms > 0 ? wait_ms : 0;
}

static void event_add(struct span *span, const struct span_event *event)
{
    assert(span->event_count <= SPAN_EVENTS_MAX);
    if (span->event_count == SPAN_EVENTS_MAX)
        count_dropped(&span->dropped_events);
    else
        span->events[span->event_count++] = *event;
}

void span_event(struct span *span, const char *name, int64_t at_ns, int64_t wait_ms)
{
    assert(name != NULL && span->event_count <= SPAN_EVENTS_MAX);
    event_add(span, &(struct span_event){ .name = name, .at_ns = at_ns, .wait_ms = wait_ms });
}

void span_event_counted(struct span *span, const char *name, int64_t at_ns, int64_t count)
{
    assert(name != NULL && count > 0);
    event_add(span,
              &(struct span_event){ .name = name, .at_ns = at_ns, .wait_ms = -1, .count = count });
}

void span_link(struct span *span, const struct trace_context *target, bool is_remote)
{
    assert(target != NULL && span->link_count <= SPAN_LINKS_MAX);
    if (span->link_count == SPAN_LINKS_MAX) {
        count_dropped(&span->dropped_links);
        return;
    }
    struct span_link *link = &span->links[span->link_count++];
    memcpy(link->trace_id, target->trace_id, sizeof link->trace_id);
    memcpy(link->span_id, target->span_id, sizeof link->span_id);
    link->flags = target->flags;
    link->is_remote = is_remote;
}

void span_fail(struct span *span, const char *message)
{
    assert(span->kind != 0 && span->message_length == 0); /* once */
    span->status = SPAN_STATUS_ERROR;
    if (message == NULL || message[0] == '\0')
        return;
    size_t at = span->text_length, length = strlen(message);
    if (text_add(span, message, length)) {
        span->message_at = (uint16_t)at;
        span->message_length = (uint16_t)length;
    }
}
