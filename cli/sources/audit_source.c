/* audit_source.c - opens the three stores and the provider's books, tells how far a long reading
 * is, and sends each record to its decoder. */
#include "cli/sources/audit_source.h"

#include "audit/audit_codec.h"
#include "booking/service.h"
#include "cli/screen/complain.h"
#include "common/base/clock.h"
#include "common/http/http_client.h"
#include "gateway/service.h"
#include "payment/service.h"

#include <string.h>
#include <unistd.h>

#define PROGRESS_AFTER_MS 2000
#define PROGRESS_EVERY_MS 1000

bool audit_source_open(struct audit_source *source, const struct cli *cli, bool is_verbose)
{
    memset(source, 0, sizeof *source);
    source->cli = cli;
    source->is_verbose = is_verbose;
    source->started_ms = clock_monotonic_ms();
    records_open(&source->records, &cli->settings);
    for (size_t i = 0; services[i] != NULL; i++) {
        if (services[i]->participant == NULL || source->records.stores[i] != NULL)
            continue;
        complain("the store of %s cannot be read: %s", services[i]->name,
                 source->records.why[i].message);
        return false;
    }
    source->provider = http_client_new();
    return true;
}

void audit_source_close(struct audit_source *source)
{
    records_close(&source->records);
    source->provider = http_client_free(source->provider);
    arena_done(&source->scratch);
}

void audit_progress(struct audit_source *source, const char *what, size_t count)
{
    int64_t now_ms = clock_monotonic_ms();
    if ((!source->is_verbose && isatty(STDERR_FILENO) == 0) ||
        now_ms - source->started_ms < PROGRESS_AFTER_MS ||
        now_ms - source->told_ms < PROGRESS_EVERY_MS)
        return;
    source->told_ms = now_ms;
    fprintf(stderr, "audit: %s, %zu\n", what, count);
}

void audit_unavailable(const struct service_description *service, const struct error *error)
{
    complain("the store of %s cannot be read: %s: roundtrip doctor says why", service->name,
             error->message);
}

static bool unavailable(const struct service_description *service, const struct error *error)
{
    audit_unavailable(service, error);
    return false;
}

static void record_decode(struct audit_facts *facts, const struct records *records,
                          const struct service_description *service, const struct record *record)
{
    int64_t schema_newest = records_reader(records, service)->schema_version;
    if (service == &gateway_service)
        audit_decode_view(facts, record, schema_newest);
    else if (service == &booking_service)
        audit_decode_booking(facts, record, schema_newest);
    else if (service == &payment_service)
        audit_decode_payment(facts, record, schema_newest);
}

struct scan {
    struct audit_source *source;
    struct audit_facts *facts;
    size_t read;
};

static bool scan_take(void *self, const struct service_description *service,
                      const struct record *record)
{
    struct scan *scan = self;
    record_decode(scan->facts, &scan->source->records, service, record);
    if (++scan->read % STORE_LIST_MAX == 0)
        audit_progress(scan->source, service->name, scan->read);
    return !*scan->source->cli->is_stopped;
}

bool audit_scan_documents(struct audit_source *source, const struct service_description *service,
                          struct audit_facts *facts)
{
    struct scan scan = { .source = source, .facts = facts };
    struct error error;
    return records_each(&source->records, service, &source->scratch, scan_take, &scan, &error) ||
           unavailable(service, &error);
}

bool audit_load_documents(struct audit_source *source, const struct service_description *service,
                          const char *const *ids, size_t count, struct audit_facts *facts)
{
    struct error error;
    struct store *store = records_store(&source->records, service, &error);
    if (store == NULL)
        return unavailable(service, &error);
    struct store_port port = store_port(store);
    struct record *records = arena_alloc(&facts->arena, count * sizeof *records);
    arena_clear(&source->scratch);
    if (!port.load(port.self, ids, count, &source->scratch, records, &error))
        return unavailable(service, &error);
    for (size_t i = 0; i < count; i++)
        if (records[i].version > 0)
            record_decode(facts, &source->records, service, &records[i]);
        else
            audit_version_note(facts, 0);
    return true;
}
