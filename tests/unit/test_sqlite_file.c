/* One SQLite file as the threads of a process share it, and what is said where it cannot be. */
#include "common/base/clock.h"
#include "common/sqlite/sqlite_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static char path[128];

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/roundtrip-file-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/store.db", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static struct sqlite_file *opened(void)
{
    struct error error;
    struct sqlite_file *file = sqlite_file_open(path, "test", "things", &error);
    if (file == NULL)
        fail_msg("%s", error.message);
    return file;
}

static void readers_and_the_writer_do_not_wait_for_each_other(void **state)
{
    (void)state;
    struct sqlite_file *file = opened();
    struct lane *lanes[SQLITE_LANES];
    struct error error;
    for (int i = 0; i < SQLITE_LANES - 1; i++)
        assert_non_null(lanes[i] = lane_take_reader(file, &error));
    assert_non_null(lanes[SQLITE_LANES - 1] = lane_take_writer(file, &error));
    for (int i = 0; i < SQLITE_LANES; i++) {
        for (int k = 0; k < i; k++)
            assert_ptr_not_equal(lanes[i], lanes[k]);
        assert_true(lanes[i]->is_taken);
    }
    struct lane *again = lanes[0];
    lane_return(&lanes[0]);
    assert_null(lanes[0]);
    assert_ptr_equal(lanes[0] = lane_take_reader(file, &error), again);
    for (int i = 0; i < SQLITE_LANES; i++)
        lane_return(&lanes[i]);
    sqlite_file_close(file);
}

static void who_saves_reads_through_the_writing_lane(void **state)
{
    (void)state;
    struct sqlite_file *file = opened();
    struct error error;
    struct lane *lane = lane_take_saver(file, &error);
    assert_ptr_equal(lane, &file->lanes[0]);
    lane_return(&lane);
    assert_ptr_equal(lane = lane_take_reader(file, &error), &file->lanes[0]);
    lane_return(&lane);
    sqlite_file_close(file);
}

static void the_wait_for_a_lane_ends_after_three_seconds(void **state)
{
    (void)state;
    struct sqlite_file *file = opened();
    struct error error;
    struct lane *lane = lane_take_writer(file, &error);
    int64_t began_ms = clock_monotonic_ms();
    assert_null(lane_take_writer(file, &error));
    assert_in_range(clock_monotonic_ms() - began_ms, SQLITE_LANE_WAIT_MS - 1000,
                    SQLITE_LANE_WAIT_MS + 10000);
    assert_int_equal(error.code, ERROR_RETRY);
    assert_non_null(strstr(error.message, "was busy for 3000 ms"));
    lane_return(&lane);
    assert_non_null(lane = lane_take_writer(file, &error));
    lane_return(&lane);
    sqlite_file_close(file);
}

static void assert_refused(const char *word)
{
    struct error error = { 0 };
    assert_null(sqlite_file_open(path, "test", "things", &error));
    if (error.code != ERROR_REJECT || strstr(error.message, word) == NULL ||
        strstr(error.message, path) == NULL)
        fail_msg("%s", error.message);
}

static void what_cannot_be_opened_is_told_as_a_right_that_is_missing(void **state)
{
    (void)state;
    assert_int_equal(symlink("/nowhere/store.db", path), 0);
    assert_refused("give this user the right to write it");
}

static void a_database_of_somebody_else_is_refused_and_left_alone(void **state)
{
    (void)state;
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(other, "CREATE TABLE things (name TEXT); INSERT INTO things VALUES ('x')",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(other);
    assert_refused("something other than this store");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(readers_and_the_writer_do_not_wait_for_each_other),
        TEST(who_saves_reads_through_the_writing_lane),
        TEST(the_wait_for_a_lane_ends_after_three_seconds),
        TEST(what_cannot_be_opened_is_told_as_a_right_that_is_missing),
        TEST(a_database_of_somebody_else_is_refused_and_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
