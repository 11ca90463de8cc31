/* records.c - opens each service's store if it is there, and reads it by the service's own codec.
 * */
#include "cli/sources/records.h"

#include "booking/participant.h"
#include "gateway/gateway.h"
#include "payment/participant.h"

#include <string.h>
#include <unistd.h>

#define SQLITE_SCHEME "sqlite:"

const char *records_variable(enum records_of which)
{
    static const char *const names[RECORDS_COUNT] = {
        "ROUNDTRIP_STORE_GATEWAY",
        "ROUNDTRIP_STORE_BOOKING",
        "ROUNDTRIP_STORE_PAYMENT",
    };
    return names[which];
}

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
    static const struct gateway_config gateway_config; /* readers decide nothing */
    static const struct booking_rules booking_rules;
    static const struct payment_rules payment_rules;
    const char *const urls[RECORDS_COUNT] = { settings->store_gateway, settings->store_booking,
                                              settings->store_payment };
    memset(records, 0, sizeof *records);
    records->readers[RECORDS_GATEWAY] = gateway_participant(&gateway_config);
    records->readers[RECORDS_BOOKING] = booking_participant(&booking_rules);
    records->readers[RECORDS_PAYMENT] = payment_participant(&payment_rules);
    for (int i = 0; i < RECORDS_COUNT; i++) {
        struct error *why = &records->why[i];
        if (urls[i][0] == '\0')
            error_set(why, ERROR_REJECT, "%s is not set", records_variable((enum records_of)i));
        else if (file_is_there(urls[i], why))
            records->stores[i] =
                store_open(urls[i], records->readers[i].name, records->readers[i].collection, why);
    }
}

void records_close(struct records *records)
{
    for (int i = 0; i < RECORDS_COUNT; i++)
        records->stores[i] = store_close(records->stores[i]);
}

static bool is_open(const struct records *records, enum records_of which, struct error *error)
{
    if (records->stores[which] != NULL)
        return true;
    *error = records->why[which];
    return false;
}

bool records_load_raw(struct records *records, enum records_of which, const char *id,
                      struct arena *arena, struct record *ret_record, struct error *error)
{
    if (!is_open(records, which, error))
        return false;
    struct store_port port = store_port(records->stores[which]);
    const char *const ids[] = { id };
    return port.load(port.self, ids, 1, arena, ret_record, error);
}

bool records_each(struct records *records, enum records_of which, struct arena *arena,
                  bool (*each)(void *self, enum records_of which, const struct record *record),
                  void *self, struct error *error)
{
    if (!is_open(records, which, error))
        return false;
    struct store_port port = store_port(records->stores[which]);
    struct store_cursor after = { 0 };
    struct record page[STORE_LIST_MAX];
    size_t count = STORE_LIST_MAX;
    while (count == STORE_LIST_MAX) {
        arena_clear(arena);
        if (!port.list(port.self, &after, STORE_LIST_MAX, arena, page, &count, error))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!each(self, which, &page[i]))
                return true;
        if (count > 0) {
            after.created_at_ms = page[count - 1].created_at_ms;
            memcpy(after.id, page[count - 1].id, sizeof after.id);
        }
    }
    return true;
}

bool records_load(struct records *records, enum records_of which, const char *id,
                  struct arena *arena, struct document **ret_document, struct error *error)
{
    *ret_document = NULL;
    struct record record;
    if (!records_load_raw(records, which, id, arena, &record, error))
        return false;
    if (record.version == 0)
        return true;
    struct document *document = document_new(arena, &records->readers[which], id);
    if (!document_decode(document, &records->readers[which], &record, arena, error) ||
        !document_history_decode(document, arena, error))
        return false;
    *ret_document = document;
    return true;
}

bool records_ping(struct records *records, enum records_of which, struct error *error)
{
    if (!is_open(records, which, error))
        return false;
    struct store_port port = store_port(records->stores[which]);
    return port.ping(port.self, error);
}
