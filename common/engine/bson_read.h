/* bson_read.h - reads checked fields out of a stored BSON document. What a store returns may be
 * damaged or come from another release, so every read answers false instead of trusting. Pure. */
#pragma once

#include "common/engine/announcement.h"

#include <bson.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A field of that name, of any type. */
bool bson_read_has(const bson_t *fields, const char *key);
/* Absent, of another type, or longer than size - 1: false, buffer as it was. */
bool bson_read_text(const bson_t *fields, const char *key, char *buffer, size_t size);
bool bson_read_int(const bson_t *fields, const char *key, int64_t *ret_value);
bool bson_read_bool(const bson_t *fields, const char *key, bool *ret_value);
/* A sub-document or array, borrowed from fields. */
bool bson_read_document(const bson_t *fields, const char *key, bson_t *ret_document);
bool bson_read_array(const bson_t *fields, const char *key, bson_t *ret_array);
/* The sub-document that the iterator stands on. */
bool bson_read_element(const bson_iter_t *element, bson_t *ret_document);
bool bson_read_announcement(const bson_t *fields, const char *key,
                            struct announcement *ret_announcement);
