/* mongo_record.h - the BSON of the MongoDB store: documents, update statements and what the server
 * answers to them. Private to common/store. Pure.
 *
 * A stored document: {_id, version, createdAt, dueAt?, owedAt?, state, owed, history}, times in
 * milliseconds and all numbers int64; dueAt and owedAt are left out when there is none, which keeps
 * the document out of their indexes. */
#pragma once

#include "common/base/arena.h"
#include "common/saga/store_port.h"

#include <bson/bson.h>

/* A document of an insert command, for a record that does not exist yet. */
void mongo_record_append_insert(bson_t *documents, uint32_t position, const struct record *record);

/* The statement that saves record over its version N, and fails if the document is at another:
 * {q: {_id}, u: [{$replaceWith: <if version is N, the document with version N + 1>}]}. */
void mongo_record_append_update(bson_t *updates, uint32_t position, const struct record *record);

/* The statement that drops the owed messages of all those ids that are to be at this version. */
void mongo_record_append_clear(bson_t *updates, uint32_t position, const char *const *ids,
                               const int64_t *versions, size_t count, int64_t version);

/* The server's reply to count such saves. A write concern that failed makes all of them unknown:
 * they are applied, but nobody knows whether they will stay.
 * ERROR_RETRY: a statement failed for another reason than a conflict. */
MUST_CHECK bool mongo_record_read_saves(const bson_t *reply, size_t count,
                                        enum save_result *ret_results, struct error *error);

/* Copies a stored document into the arena: the body is the whole document. One that is none of ours
 * is there and has no body. */
void mongo_record_read(const bson_t *document, struct arena *arena, struct record *ret_record);
