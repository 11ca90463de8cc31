/* records.h - the services' stored documents, to read. Nothing is ever saved through here, and a
 * file that is not there is not created. One thread. */
#pragma once

#include "cli/sources/settings.h"
#include "common/base/arena.h"
#include "common/base/attributes.h"
#include "common/base/error.h"
#include "common/saga/document.h"
#include "common/store/store.h"
#include "services/registry.h"

struct records {
    /* By their place in the registry. */
    struct store *stores[SERVICES_MAX]; /* NULL = could not be opened */
    struct error why[SERVICES_MAX];     /* of those */
    struct participant readers[SERVICES_MAX];
};

/* Opens what can be opened. */
void records_open(struct records *records, const struct settings *settings);
void records_close(struct records *records);

/* A participant of which no more is known here than the form that all documents have: it keeps one
 * a booking, under the booking's id. */
bool records_is_other(const struct service_description *service);

/* By whose codec the documents of a service are read. */
const struct participant *records_reader(const struct records *records,
                                         const struct service_description *service);
/* NULL: it could not be opened; the error says why. */
struct store *records_store(const struct records *records,
                            const struct service_description *service, struct error *error);

/* True: *ret_document is the document, in the arena, or NULL when there is none. */
MUST_CHECK bool records_load(struct records *records, const struct service_description *service,
                             const char *id, struct arena *arena, struct document **ret_document,
                             struct error *error);
/* As it is stored; version 0: there is none. */
MUST_CHECK bool records_load_raw(struct records *records, const struct service_description *service,
                                 const char *id, struct arena *arena, struct record *ret_record,
                                 struct error *error);
/* Calls each() for every document of a store, the newest first, page by page, until each() answers
 * false. Each page has the arena for itself: it is cleared before the next. What is saved meanwhile
 * may be missed, nothing is seen twice. */
MUST_CHECK bool records_each(struct records *records, const struct service_description *service,
                             struct arena *arena,
                             bool (*each)(void *self, const struct service_description *service,
                                          const struct record *record),
                             void *self, struct error *error);
MUST_CHECK bool records_ping(struct records *records, const struct service_description *service,
                             struct error *error);
