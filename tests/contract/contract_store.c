/* contract_store.c - a fresh collection for each test, documents that count, and the other
 * processes of a test: this program again, in a role. */
#include "tests/contract/contract_store.h"

#include <bson/bson.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define MEMORY_DOCUMENTS_MAX 1024

const char *contract_url(void)
{
    const char *url = getenv("STORE_URL");
    if (url == NULL) {
        fputs("STORE_URL is not set: run tests/contract/run_store_contract\n", stderr);
        exit(1);
    }
    return url;
}

bool contract_is_memory(void)
{
    return strcmp(contract_url(), "memory:") == 0;
}

bool contract_is_sqlite(void)
{
    return strcmp(store_system(contract_url()), "sqlite") == 0;
}

const char *contract_url_with(struct arena *arena, const char *option)
{
    char url[512];
    snprintf(url, sizeof url, "%s&%s", contract_url(), option);
    return arena_text(arena, url, strlen(url));
}

int64_t contract_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void memory_open(struct contract *contract)
{
    static struct memory_document documents[MEMORY_DOCUMENTS_MAX];
    contract->memory =
        memory_store_of(documents, MEMORY_DOCUMENTS_MAX, memory_keeper_arena(&contract->kept));
    contract->port = memory_store_port(&contract->memory);
}

int contract_setup(void **state)
{
    static int collections;
    struct contract *contract = calloc(1, sizeof *contract);
    assert_non_null(contract);
    *state = contract;
    if (contract_is_memory()) {
        memory_open(contract);
        return 0;
    }
    snprintf(contract->collection, sizeof contract->collection, "c%d_%d", (int)getpid(),
             collections++);
    struct error error = { 0 };
    contract->store = store_open(contract_url(), "contract", contract->collection, &error);
    if (contract->store == NULL)
        fail_msg("%s", error.message);
    contract->port = store_port(contract->store);
    return 0;
}

int contract_teardown(void **state)
{
    struct contract *contract = *state;
    contract->store = store_close(contract->store);
    arena_done(&contract->arena);
    arena_done(&contract->kept);
    free(contract);
    return 0;
}

struct record contract_record(struct arena *arena, const char *id, int64_t version, int64_t n,
                              int owed_count)
{
    bson_t body = BSON_INITIALIZER, state, owed, message, history, entry;
    BSON_APPEND_DOCUMENT_BEGIN(&body, "state", &state);
    BSON_APPEND_INT64(&state, "n", n);
    bson_append_document_end(&body, &state);
    BSON_APPEND_ARRAY_BEGIN(&body, "owed", &owed);
    for (int i = 0; i < owed_count; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        BSON_APPEND_DOCUMENT_BEGIN(&owed, key, &message);
        BSON_APPEND_UTF8(&message, "type", "booking.confirmed");
        bson_append_document_end(&owed, &message);
    }
    bson_append_array_end(&body, &owed);
    BSON_APPEND_ARRAY_BEGIN(&body, "history", &history);
    BSON_APPEND_DOCUMENT_BEGIN(&history, "0", &entry);
    BSON_APPEND_UTF8(&entry, "verdict", "confirm");
    bson_append_document_end(&history, &entry);
    bson_append_array_end(&body, &history);
    struct record record = { .version = version, .created_at_ms = CREATED_AT_MS };
    snprintf(record.id, sizeof record.id, "%s", id);
    record.body = arena_copy(arena, bson_get_data(&body), body.len);
    record.body_length = body.len;
    bson_destroy(&body);
    return record;
}

static bool find(const struct record *record, const char *path, bson_iter_t *ret_iter)
{
    bson_t body;
    bson_iter_t iter;
    assert_true(bson_init_static(&body, record->body, record->body_length));
    return bson_iter_init(&iter, &body) && bson_iter_find_descendant(&iter, path, ret_iter);
}

int64_t contract_n(const struct record *record)
{
    bson_iter_t iter;
    assert_true(find(record, "state.n", &iter));
    return bson_iter_int64(&iter);
}

int contract_owed_count(const struct record *record)
{
    bson_iter_t iter, entries;
    assert_true(find(record, "owed", &iter));
    assert_true(BSON_ITER_HOLDS_ARRAY(&iter) && bson_iter_recurse(&iter, &entries));
    int count = 0;
    while (bson_iter_next(&entries))
        count++;
    return count;
}

struct record contract_load(struct contract *contract, const char *id)
{
    struct record record;
    struct error error = { 0 };
    if (!contract->port.load(contract->port.self, &id, 1, &contract->arena, &record, &error))
        fail_msg("load %s: %s", id, error.message);
    return record;
}

enum save_result contract_save(struct contract *contract, const struct record *record)
{
    enum save_result result = SAVE_UNKNOWN;
    struct error error = { 0 };
    if (!contract->port.save(contract->port.self, record, 1, &result, &error))
        fail_msg("save %s: %s", record->id, error.message);
    return result;
}

void contract_insert(struct contract *contract, const char *prefix, int count)
{
    for (int i = 0; i < count; i++) {
        char id[IDENT_SIZE];
        snprintf(id, sizeof id, "%s%03d", prefix, i);
        struct record record = contract_record(&contract->arena, id, 0, 0, 0);
        assert_int_equal(contract_save(contract, &record), SAVE_SAVED);
    }
}

/* ---- competing ----------------------------------------------------------------------------- */

#define COUNTERS_AT_ONCE 3

int contract_increment(const struct store_port *port, int first, int increments,
                       int *ret_increments)
{
    struct arena arena = { 0 };
    struct error error = { 0 };
    int conflicts = 0, done = 0;
    for (int round = first; done < increments; round++) {
        char texts[COUNTERS_AT_ONCE][IDENT_SIZE];
        const char *ids[COUNTERS_AT_ONCE];
        for (int i = 0; i < COUNTERS_AT_ONCE; i++) {
            snprintf(texts[i], sizeof texts[i], "counter%03d", (round + i) % COUNTERS);
            ids[i] = texts[i];
        }
        struct record loaded[COUNTERS_AT_ONCE], saved[COUNTERS_AT_ONCE];
        enum save_result results[COUNTERS_AT_ONCE];
        if (!port->load(port->self, ids, COUNTERS_AT_ONCE, &arena, loaded, &error)) {
            fprintf(stderr, "load: %s\n", error.message);
            abort();
        }
        for (int i = 0; i < COUNTERS_AT_ONCE; i++) {
            saved[i] =
                contract_record(&arena, ids[i], loaded[i].version, contract_n(&loaded[i]) + 1, 0);
        }
        if (!port->save(port->self, saved, COUNTERS_AT_ONCE, results, &error)) {
            fprintf(stderr, "save: %s\n", error.message);
            abort();
        }
        for (int i = 0; i < COUNTERS_AT_ONCE; i++) {
            done += results[i] == SAVE_SAVED ? 1 : 0;
            conflicts += results[i] == SAVE_CONFLICT ? 1 : 0;
        }
        arena_clear(&arena);
    }
    arena_done(&arena);
    *ret_increments = done;
    return conflicts;
}

int64_t contract_sum(struct contract *contract)
{
    int64_t sum = 0;
    for (int i = 0; i < COUNTERS; i++) {
        char id[IDENT_SIZE];
        snprintf(id, sizeof id, "counter%03d", i);
        struct record record = contract_load(contract, id);
        assert_int_equal(contract_n(&record), record.version - 1); /* the insert made version 1 */
        sum += contract_n(&record);
    }
    return sum;
}

/* ---- other processes ----------------------------------------------------------------------- */

int contract_spawn(const char *role, const char *collection)
{
    char program[] = "/proc/self/exe";
    char role_text[32], collection_text[COLLECTION_SIZE];
    snprintf(role_text, sizeof role_text, "%s", role);
    snprintf(collection_text, sizeof collection_text, "%s", collection);
    char *arguments[] = { program, role_text, collection_text, NULL };
    pid_t pid;
    assert_int_equal(posix_spawn(&pid, program, NULL, NULL, arguments, environ), 0);
    return pid;
}

static int role_increment(const struct store_port *port)
{
    int done;
    (void)contract_increment(port, (int)getpid(), ROLE_INCREMENTS, &done);
    return done - ROLE_INCREMENTS; /* the last round may save up to two more */
}

/* Dies in the very moment in which save has promised that it is durable. */
static int role_save_and_die(const struct store_port *port)
{
    struct arena arena = { 0 };
    struct record records[2] = { contract_record(&arena, "first", 0, 1, 0),
                                 contract_record(&arena, "second", 0, 2, 1) };
    enum save_result results[2];
    struct error error;
    if (port->save(port->self, records, 2, results, &error) && results[0] == SAVE_SAVED &&
        results[1] == SAVE_SAVED)
        raise(SIGKILL);
    return 1;
}

int contract_role(const char *role, const char *collection)
{
    struct error error;
    struct store *store = store_open(contract_url(), "contract", collection, &error);
    if (store == NULL) {
        fprintf(stderr, "%s: %s\n", role, error.message);
        return 100;
    }
    struct store_port port = store_port(store);
    int status = strcmp(role, "increment") == 0 ? role_increment(&port) : role_save_and_die(&port);
    store_close(store);
    return status;
}
