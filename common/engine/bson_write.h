/* bson_write.h - appends fields to a document that is being written. A failure would mean a
 * document beyond 2 GiB, which the bounds of every state exclude: asserted. Pure. */
#pragma once

#include "common/engine/announcement.h"

#include <bson.h>

#include <stdbool.h>
#include <stdint.h>

void bson_write_text(bson_t *fields, const char *key, const char *text);
void bson_write_int(bson_t *fields, const char *key, int64_t value);
void bson_write_bool(bson_t *fields, const char *key, bool value);
void bson_write_announcement(bson_t *fields, const char *key,
                             const struct announcement *announcement);
