/* bson_write.h - writes a BSON document, field after field, into memory of an arena. Only what
 * states, messages and histories are made of; byte for byte what libbson writes, which takes five
 * times as long because it may be stopped and resumed anywhere. Keys are our own static texts. A
 * document beyond 2 GiB and one nested too deep are excluded by the bounds of every state:
 * asserted. Pure. */
#pragma once

#include "common/base/arena.h"
#include "common/bson/bson_read.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BSON_WRITE_DEPTH_MAX 8

struct bson_output {
    struct arena *arena;
    uint8_t *bytes;
    size_t length, room;
    size_t open[BSON_WRITE_DEPTH_MAX]; /* where each open document begins */
    size_t depth;
};

/* Opens the outermost document. `room` bytes at first, at least an empty document's; it grows. One
 * thread at a time: the arena's. */
void bson_write_begin(struct bson_output *output, struct arena *arena, size_t room);
/* Ends it. The bytes live in the arena. */
const uint8_t *bson_write_finish(struct bson_output *output, size_t *ret_length);

void bson_write_text(struct bson_output *output, const char *key, const char *text);
void bson_write_text_bytes(struct bson_output *output, const char *key, const char *text,
                           size_t length);
void bson_write_int(struct bson_output *output, const char *key, int64_t value);
void bson_write_bool(struct bson_output *output, const char *key, bool value);
/* A field as it was read. */
void bson_write_element(struct bson_output *output, const struct bson_element *element);
/* A whole document, and only the elements of one (or of an array), under the keys they have. */
void bson_write_document(struct bson_output *output, const char *key, const uint8_t *bytes,
                         size_t length);
void bson_write_elements(struct bson_output *output, const uint8_t *bytes, size_t length);

/* What follows stands in it, until bson_write_end. */
void bson_write_document_begin(struct bson_output *output, const char *key);
void bson_write_array_begin(struct bson_output *output, const char *key);
void bson_write_element_begin(struct bson_output *output,
                              size_t index); /* a document of an array */
void bson_write_end(struct bson_output *output);
