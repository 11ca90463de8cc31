/* A save in an SQLite file is answered only when it is on the disk: seen by taking the place of the
 * calls that put it there. */
#include "common/store/store.h"

#include <bson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static int syncs;

int fsync(int fd)
{
    syncs++;
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    syncs++;
    return (int)syscall(SYS_fdatasync, fd);
}

static void save_synced(const struct store_port *port, int64_t version)
{
    struct error error;
    bson_t body = BSON_INITIALIZER;
    struct record record = { .id = "A",
                             .version = version,
                             .created_at_ms = 1,
                             .owed_at_ms = 1,
                             .body = bson_get_data(&body),
                             .body_length = body.len };
    enum save_result saved;
    syncs = 0;
    assert_true(port->save(port->self, &record, 1, &saved, &error));
    assert_int_equal(saved, SAVE_SAVED);
    assert_true(syncs > 0);
    bson_destroy(&body);
}

static void each_save_is_synced_before_it_is_answered(void **test)
{
    (void)test;
    char folder[] = "/tmp/roundtrip-sync-XXXXXX";
    char path[sizeof folder + sizeof "/store.db"];
    char uri[sizeof path + sizeof "sqlite:"];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/store.db", folder);
    snprintf(uri, sizeof uri, "sqlite:%s", path);

    struct error error;
    struct store *store = store_open(uri, "test", "things", &error);
    assert_non_null(store);
    struct store_port port = store_port(store);
    for (int64_t version = 0; version < 3; version++)
        save_synced(&port, version);
    for (int64_t version = 3; version < 6; version++) {
        const char *id = "A";
        syncs = 0;
        assert_true(port.clear_owed(port.self, &id, &version, 1, &error));
        assert_int_equal(syncs, 0); /* the next save takes it along */
        save_synced(&port, version);
    }
    store_close(store);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_save_is_synced_before_it_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
