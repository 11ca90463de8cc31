/* mongo_record.h - the BSON of the MongoDB store: documents, update statements and what the server
 * answers to them. Private to common/store. Pure.
 *
 * A stored document: {_id, version, createdAt, dueAt?, owedAt?, state, owed, history}, times in
 * milliseconds and all numbers int64; dueAt and owedAt are left out when there is none, which keeps
 * the document out of their indexes. */
#pragma once

#include "common/base/arena.h"
#include "common/engine/store_port.h"

#include <bson/bson.h>

/* The statement that saves record over its version, or inserts it:
 * {q: {_id, version: N}, u: <document with version N + 1>, upsert: true}. */
void mongo_record_append_save(bson_t *updates, uint32_t position, const struct record *record);

/* The statement that drops the owed messages of id at that version. */
void mongo_record_append_clear(bson_t *updates, uint32_t position, const char *id, int64_t version);

/* The server's reply to count such saves. A write concern that failed makes all of them unknown:
 * they are applied, but nobody knows whether they will stay.
 * ERROR_RETRY: a statement failed for another reason than a conflict. */
MUST_CHECK bool mongo_record_read_saves(const bson_t *reply, size_t count,
                                        enum save_result *ret_results, struct error *error);

/* Copies a stored document into the arena: the body is the whole document.
 * ERROR_BUG: it is none of ours. */
MUST_CHECK bool mongo_record_read(const bson_t *document, struct arena *arena,
                                  struct record *ret_record, struct error *error);
