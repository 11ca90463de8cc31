/* audit_source.c - opens the three stores and the provider's books, tells how far a long reading
 * is, and sends each record to its decoder. */
#include "cli/sources/audit_source.h"

#include "audit/audit_codec.h"
#include "cli/screen/complain.h"
#include "common/base/clock.h"
#include "common/http/http_client.h"

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
    for (int i = 0; i < RECORDS_COUNT; i++) {
        if (source->records.stores[i] != NULL)
            continue;
        complain("the store of %s cannot be read: %s", records_name((enum records_of)i),
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

static bool unavailable(enum records_of which, const struct error *error)
{
    complain("the store of %s cannot be read: %s: roundtrip doctor says why", records_name(which),
             error->message);
    return false;
}

static void record_decode(struct audit_facts *facts, enum records_of which,
                          const struct record *record)
{
    switch (which) {
    case RECORDS_GATEWAY:
        audit_decode_view(facts, record);
        break;
    case RECORDS_BOOKING:
        audit_decode_booking(facts, record);
        break;
    case RECORDS_PAYMENT:
        audit_decode_payment(facts, record);
        break;
    case RECORDS_COUNT:
        break;
    }
}

struct scan {
    struct audit_source *source;
    struct audit_facts *facts;
    size_t read;
};

static bool scan_take(void *self, enum records_of which, const struct record *record)
{
    struct scan *scan = self;
    record_decode(scan->facts, which, record);
    if (++scan->read % STORE_LIST_MAX == 0)
        audit_progress(scan->source, records_name(which), scan->read);
    return !*scan->source->cli->is_stopped;
}

bool audit_scan_documents(struct audit_source *source, enum records_of which,
                          struct audit_facts *facts)
{
    struct scan scan = { .source = source, .facts = facts };
    struct error error;
    return records_each(&source->records, which, &source->scratch, scan_take, &scan, &error) ||
           unavailable(which, &error);
}

bool audit_load_documents(struct audit_source *source, enum records_of which,
                          const char *const *ids, size_t count, struct audit_facts *facts)
{
    struct store_port port = store_port(source->records.stores[which]);
    struct record *records = arena_alloc(&facts->arena, count * sizeof *records);
    struct error error;
    arena_clear(&source->scratch);
    if (!port.load(port.self, ids, count, &source->scratch, records, &error))
        return unavailable(which, &error);
    for (size_t i = 0; i < count; i++)
        if (records[i].version > 0)
            record_decode(facts, which, &records[i]);
        else
            audit_version_note(facts, 0);
    return true;
}
