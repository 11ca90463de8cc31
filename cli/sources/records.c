/* records.c - opens each service's store if it is there, and reads it by the service's own codec.
 * */
#include "cli/sources/records.h"

#include "booking/service.h"
#include "gateway/service.h"
#include "payment/service.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#define SQLITE_SCHEME "sqlite:"

/* Opening an SQLite store would create it. */
static bool file_is_there(const char *url, struct error *error)
{
    if (strncmp(url, SQLITE_SCHEME, sizeof SQLITE_SCHEME - 1) != 0)
        return true;
    const char *path = url + sizeof SQLITE_SCHEME - 1;
    if (strncmp(path, "///", 3) == 0)
        path += 2;
    return access(path, F_OK) == 0 ||
           error_set(error, ERROR_NOT_FOUND, "%.200s is not there: has the system ever run?", path);
}

void records_open(struct records *records, const struct settings *settings)
{
    memset(records, 0, sizeof *records);
    for (size_t i = 0; services[i] != NULL; i++) {
        const char *url = settings->places[i].store;
        struct error *why = &records->why[i];
        char name[SETTINGS_NAME_SIZE];
        if (services[i]->participant == NULL)
            continue;
        records->readers[i] = services[i]->participant(NULL);
        settings_store_variable(services[i], name);
        if (url[0] == '\0')
            error_set(why, ERROR_REJECT, "%s is not set", name);
        else if (file_is_there(url, why))
            records->stores[i] =
                store_open(url, services[i]->name, records->readers[i].collection, why);
    }
}

void records_close(struct records *records)
{
    for (size_t i = 0; services[i] != NULL; i++)
        records->stores[i] = store_close(records->stores[i]);
}

bool records_is_other(const struct service_description *service)
{
    /* by role: what a booking is at each of these, the commands know */
    return service->participant != NULL && service != &gateway_service &&
           service != &booking_service && service != &payment_service;
}

const struct participant *records_reader(const struct records *records,
                                         const struct service_description *service)
{
    assert(service->participant != NULL);
    return &records->readers[service_index(service)];
}

struct store *records_store(const struct records *records,
                            const struct service_description *service, struct error *error)
{
    struct store *store = records->stores[service_index(service)];
    if (store == NULL)
        *error = records->why[service_index(service)];
    return store;
}

bool records_load_raw(struct records *records, const struct service_description *service,
                      const char *id, struct arena *arena, struct record *ret_record,
                      struct error *error)
{
    struct store *store = records_store(records, service, error);
    if (store == NULL)
        return false;
    struct store_port port = store_port(store);
    const char *const ids[] = { id };
    return port.load(port.self, ids, 1, arena, ret_record, error);
}

bool records_each(struct records *records, const struct service_description *service,
                  struct arena *arena,
                  bool (*each)(void *self, const struct service_description *service,
                               const struct record *record),
                  void *self, struct error *error)
{
    struct store *store = records_store(records, service, error);
    if (store == NULL)
        return false;
    struct store_port port = store_port(store);
    struct store_cursor after = { 0 };
    struct record page[STORE_LIST_MAX];
    size_t count = STORE_LIST_MAX;
    while (count == STORE_LIST_MAX) {
        arena_clear(arena);
        if (!port.list(port.self, &after, STORE_LIST_MAX, arena, page, &count, error))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!each(self, service, &page[i]))
                return true;
        if (count > 0) {
            after.created_at_ms = page[count - 1].created_at_ms;
            memcpy(after.id, page[count - 1].id, sizeof after.id);
        }
    }
    return true;
}

bool records_load(struct records *records, const struct service_description *service,
                  const char *id, struct arena *arena, struct document **ret_document,
                  struct error *error)
{
    *ret_document = NULL;
    struct record record;
    if (!records_load_raw(records, service, id, arena, &record, error))
        return false;
    if (record.version == 0)
        return true;
    const struct participant *reader = records_reader(records, service);
    struct document *document = document_new(arena, reader, id);
    if (!document_decode(document, reader, &record, arena, error) ||
        !document_history_decode(document, arena, error))
        return false;
    *ret_document = document;
    return true;
}

bool records_ping(struct records *records, const struct service_description *service,
                  struct error *error)
{
    struct store *store = records_store(records, service, error);
    if (store == NULL)
        return false;
    struct store_port port = store_port(store);
    return port.ping(port.self, error);
}
