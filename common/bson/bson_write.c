/* bson_write.c - elements behind one another; a document's length is filled in at its end. */
#include "common/bson/bson_write.h"
#include "common/base/text.h"
#include "common/bson/bson_form.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

static void grow(struct bson_output *output, size_t count)
{
    output->room = 2 * (output->room + count);
    uint8_t *grown = arena_room(output->arena, output->room);
    memcpy(grown, output->bytes, output->length);
    output->bytes = grown;
    assert(count <= output->room - output->length);
}

/* The next `count` bytes, to be filled in. */
static inline uint8_t *take(struct bson_output *output, size_t count)
{
    if (count > output->room - output->length)
        grow(output, count);
    uint8_t *taken = output->bytes + output->length;
    output->length += count;
    return taken;
}

static void length_put(uint8_t *at, size_t length)
{
    assert(length <= INT32_MAX);
    uint32_t little = htole32((uint32_t)length);
    memcpy(at, &little, sizeof little);
}

/* Type and name; returns where the value of `count` bytes goes. */
static uint8_t *element_put(struct bson_output *output, enum bson_form_type type, const char *key,
                            size_t count)
{
    size_t key_size = strlen(key) + 1;
    uint8_t *at = take(output, 1 + key_size + count);
    *at = (uint8_t)type;
    memcpy(at + 1, key, key_size);
    return at + 1 + key_size;
}

static void document_open(struct bson_output *output)
{
    assert(output->depth < BSON_WRITE_DEPTH_MAX);
    output->open[output->depth++] = output->length;
    (void)take(output, BSON_FORM_LENGTH_BYTES);
}

void bson_write_end(struct bson_output *output)
{
    assert(output->depth > 0);
    *take(output, 1) = 0;
    size_t begin = output->open[--output->depth];
    length_put(output->bytes + begin, output->length - begin);
}

void bson_write_begin(struct bson_output *output, struct arena *arena, size_t room)
{
    assert(room >= BSON_FORM_EMPTY_BYTES);
    output->arena = arena;
    output->bytes = arena_room(arena, room);
    output->length = 0;
    output->room = room;
    output->depth = 0;
    document_open(output);
}

const uint8_t *bson_write_finish(struct bson_output *output, size_t *ret_length)
{
    assert(output->depth == 1);
    bson_write_end(output);
    assert(output->depth == 0 && output->length <= output->room);
    *ret_length = output->length;
    return output->bytes;
}

void bson_write_text_bytes(struct bson_output *output, const char *key, const char *text,
                           size_t length)
{
    uint8_t *at = element_put(output, BSON_FORM_TEXT, key, BSON_FORM_LENGTH_BYTES + length + 1);
    length_put(at, length + 1);
    memcpy(at + BSON_FORM_LENGTH_BYTES, text, length);
    at[BSON_FORM_LENGTH_BYTES + length] = '\0';
}

void bson_write_text(struct bson_output *output, const char *key, const char *text)
{
    bson_write_text_bytes(output, key, text, strlen(text));
}

void bson_write_int(struct bson_output *output, const char *key, int64_t value)
{
    uint64_t little = htole64((uint64_t)value);
    memcpy(element_put(output, BSON_FORM_INT64, key, sizeof little), &little, sizeof little);
}

void bson_write_bool(struct bson_output *output, const char *key, bool value)
{
    *element_put(output, BSON_FORM_BOOL, key, 1) = value;
}

void bson_write_element(struct bson_output *output, const struct bson_element *element)
{
    assert(element->size >= 2); /* its type, and the NUL of its name */
    memcpy(take(output, element->size), element->bytes, element->size);
}

void bson_write_document(struct bson_output *output, const char *key, const uint8_t *bytes,
                         size_t length)
{
    assert(length >= BSON_FORM_EMPTY_BYTES);
    memcpy(element_put(output, BSON_FORM_DOCUMENT, key, length), bytes, length);
}

void bson_write_elements(struct bson_output *output, const uint8_t *bytes, size_t length)
{
    assert(length >= BSON_FORM_EMPTY_BYTES);
    size_t count = length - BSON_FORM_EMPTY_BYTES;
    memcpy(take(output, count), bytes + BSON_FORM_LENGTH_BYTES, count);
}

void bson_write_document_begin(struct bson_output *output, const char *key)
{
    (void)element_put(output, BSON_FORM_DOCUMENT, key, 0);
    document_open(output);
}

void bson_write_array_begin(struct bson_output *output, const char *key)
{
    (void)element_put(output, BSON_FORM_ARRAY, key, 0);
    document_open(output);
}

void bson_write_element_begin(struct bson_output *output, size_t index)
{
    char key[TEXT_INT_SIZE];
    text_int(key, (int64_t)index);
    bson_write_document_begin(output, key);
}
