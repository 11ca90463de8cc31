/* mongo_find.h - the reading half of the MongoDB store; see store_port.h. Private to common/store.
 * self is the struct mongo_access. */
#pragma once

#include "common/saga/store_port.h"

bool mongo_load(void *self, const char *const *ids, size_t count, struct arena *arena,
                struct record *ret_records, struct error *error);
bool mongo_due(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
               size_t *ret_count, struct error *error);
bool mongo_owed(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                size_t *ret_count, struct error *error);
bool mongo_count_owed(void *self, size_t limit, size_t *ret_count, struct error *error);
bool mongo_list(void *self, const struct store_cursor *after, size_t limit, struct arena *arena,
                struct record *ret_records, size_t *ret_count, struct error *error);
