/* records.h - the services' stored documents, to read. Nothing is ever saved through here, and a
 * file that is not there is not created. One thread. */
#pragma once

#include "cli/sources/settings.h"
#include "common/base/arena.h"
#include "common/base/attributes.h"
#include "common/base/error.h"
#include "common/saga/document.h"
#include "common/store/store.h"
#include "replay/records_of.h"

struct records {
    struct store *stores[RECORDS_COUNT]; /* NULL = could not be opened */
    struct error why[RECORDS_COUNT];     /* of those */
    struct participant readers[RECORDS_COUNT];
};

/* Opens what can be opened. */
void records_open(struct records *records, const struct settings *settings);
void records_close(struct records *records);

const char *records_variable(enum records_of which); /* "ROUNDTRIP_STORE_BOOKING" */

/* True: *ret_document is the document, in the arena, or NULL when there is none. */
MUST_CHECK bool records_load(struct records *records, enum records_of which, const char *id,
                             struct arena *arena, struct document **ret_document,
                             struct error *error);
/* As it is stored; version 0: there is none. */
MUST_CHECK bool records_load_raw(struct records *records, enum records_of which, const char *id,
                                 struct arena *arena, struct record *ret_record,
                                 struct error *error);
/* Calls each() for every document of a store, the newest first, page by page, until each() answers
 * false. Each page has the arena for itself: it is cleared before the next. What is saved meanwhile
 * may be missed, nothing is seen twice. */
MUST_CHECK bool records_each(struct records *records, enum records_of which, struct arena *arena,
                             bool (*each)(void *self, enum records_of which,
                                          const struct record *record),
                             void *self, struct error *error);
MUST_CHECK bool records_ping(struct records *records, enum records_of which, struct error *error);
