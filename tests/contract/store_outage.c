/* The store away, slow, or killed: what was saved stays, what was not is answered in time. */
#include "tests/contract/contract_store.h"
#include "tests/contract/freeze.h"

#include <signal.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define ANSWER_MS_MAX   8000 /* of a store that is away: its time limits and some room */
#define RECOVERY_MS_MAX 30000

/* The server script's output goes the way of ours: to stderr, for stdout holds the results. */
static void server(const char *command)
{
    char *script = getenv("STORE_SERVER"), *folder = getenv("STORE_SERVER_DIR");
    assert_non_null(script);
    assert_non_null(folder);
    char verb[8];
    snprintf(verb, sizeof verb, "%s", command);
    char *arguments[] = { script, verb, folder, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    pid_t pid;
    int status = -1;
    assert_int_equal(posix_spawn(&pid, script, &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static pid_t server_pid(void)
{
    char path[512];
    int pid = 0;
    snprintf(path, sizeof path, "%s/pid", getenv("STORE_SERVER_DIR"));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &pid), 1);
    fclose(file);
    assert_true(pid > 1);
    return pid;
}

static sqlite3 *file_open(void)
{
    sqlite3 *connection;
    assert_int_equal(sqlite3_open(contract_url() + strlen("sqlite:"), &connection), SQLITE_OK);
    return connection;
}

static void assert_away(bool is_done, const struct error *error, int64_t began_ms)
{
    assert_false(is_done);
    assert_int_equal(error->code, ERROR_RETRY);
    assert_true(strlen(error->message) > 10);
    assert_in_range(contract_now_ms() - began_ms, 0, ANSWER_MS_MAX);
}

static void save_is_away(struct contract *contract, const char *id)
{
    struct record record = contract_record(&contract->arena, id, 0, 1, 0);
    enum save_result result;
    struct error error = { 0 };
    int64_t began_ms = contract_now_ms();
    assert_away(contract->port.save(contract->port.self, &record, 1, &result, &error), &error,
                began_ms);
}

/* What a save cannot do, a pulse must not claim to be possible. */
static void pulse_is_away(struct contract *contract)
{
    struct error error = { 0 };
    int64_t began_ms = contract_now_ms();
    assert_away(contract->port.pulse(contract->port.self, &error), &error, began_ms);
}

static void save_works_again(struct contract *contract)
{
    int64_t began_ms = contract_now_ms();
    struct error error;
    while (!contract->port.ping(contract->port.self, &error) ||
           !contract->port.pulse(contract->port.self, &error)) {
        assert_int_equal(error.code, ERROR_RETRY);
        assert_in_range(contract_now_ms() - began_ms, 0, RECOVERY_MS_MAX);
        nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
    }
    struct record record = contract_record(&contract->arena, "after", 0, 1, 0);
    assert_int_equal(contract_save(contract, &record), SAVE_SAVED);
}

/* All calls, over one with short limits: also that a URI may shorten them. */
static void every_call_is_away(struct contract *contract)
{
    struct error error = { 0 };
    struct store *store =
        store_open(contract_url_with(&contract->arena, "serverSelectionTimeoutMS=200"), "contract",
                   contract->collection, &error);
    assert_non_null(store); /* a server that is away is no reason not to start */
    struct store_port port = store_port(store);
    struct record record = contract_record(&contract->arena, "x", 0, 1, 0);
    const char *id = "x";
    const int64_t version = 1;
    const struct store_cursor cursor = { 0 };
    const struct store_look look = { .before_ms = 1, .limit = 1 };
    enum save_result result;
    char ids[1][IDENT_SIZE];
    size_t count;
    int64_t began_ms = contract_now_ms();
    assert_away(port.ping(port.self, &error), &error, began_ms);
    assert_away(port.pulse(port.self, &error), &error, began_ms);
    assert_away(port.load(port.self, &id, 1, &contract->arena, &record, &error), &error, began_ms);
    assert_away(port.save(port.self, &record, 1, &result, &error), &error, began_ms);
    assert_away(port.clear_owed(port.self, &id, &version, 1, &error), &error, began_ms);
    assert_away(port.due(port.self, &look, ids, &count, &error), &error, began_ms);
    assert_away(port.owed(port.self, &look, ids, &count, &error), &error, began_ms);
    assert_away(port.count_owed(port.self, 1, &count, &error), &error, began_ms);
    assert_away(port.list(port.self, &cursor, 1, &contract->arena, &record, &count, &error), &error,
                began_ms);
    store_close(store);
}

static void a_store_that_is_away_says_so_in_time_and_comes_back(void **state)
{
    struct contract *contract = *state;
    contract_insert(contract, "before", 1);
    if (contract_is_sqlite()) { /* another process holds the file */
        sqlite3 *other = file_open();
        assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
        save_is_away(contract, "during");
        pulse_is_away(contract);
        assert_int_equal(contract_load(contract, "before000").version, 1); /* readers go on */
        assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(other);
    } else {
        server("kill");
        save_is_away(contract, "during");
        save_is_away(contract, "during");
        every_call_is_away(contract);
        server("start");
    }
    save_works_again(contract);
    assert_int_equal(contract_load(contract, "before000").version, 1);
    assert_int_equal(contract_load(contract, "during").version, 0);
}

/* Connected, and silent. On SQLite nothing but a full disk is like it: no answer but a failure in
 * the middle of writing. */
static void a_store_that_stalls_is_given_up_in_time(void **state)
{
    struct contract *contract = *state;
    contract_insert(contract, "before", 1);
    if (contract_is_sqlite()) {
        struct rlimit before, now;
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        now = before;
        now.rlim_cur = 4096; /* bytes of any file */
        void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
        struct record record = contract_record(&contract->arena, "during", 0, 1, 0);
        enum save_result result;
        struct error error = { 0 };
        pulse_is_away(contract);
        bool is_saved = contract->port.save(contract->port.self, &record, 1, &result, &error);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        signal(SIGXFSZ, handler);
        assert_away(is_saved, &error, contract_now_ms());
        assert_int_equal(contract_load(contract, "during").version, 0);
    } else {
        pid_t pid = server_pid();
        process_freeze(pid);
        struct record record = contract_record(&contract->arena, "during", 0, 1, 0);
        enum save_result result;
        struct error error = { 0 };
        int64_t began_ms = contract_now_ms();
        bool is_saved = contract->port.save(contract->port.self, &record, 1, &result, &error);
        kill(pid, SIGCONT);
        assert_away(is_saved, &error, began_ms); /* it may be saved all the same */
    }
    save_works_again(contract);
    assert_int_equal(contract_load(contract, "before000").version, 1);
}

static void what_was_saved_outlives_its_process_and_the_server(void **state)
{
    struct contract *contract = *state;
    int status = 0, pid = contract_spawn("save-and-die", contract->collection);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    contract->store = store_close(contract->store);
    if (!contract_is_sqlite()) {
        server("kill");
        server("start");
    }
    struct error error;
    contract->store = store_open(contract_url(), "contract", contract->collection, &error);
    assert_non_null(contract->store);
    contract->port = store_port(contract->store);
    struct record first = contract_load(contract, "first");
    struct record second = contract_load(contract, "second");
    assert_int_equal(first.version, 1);
    assert_int_equal(contract_n(&first), 1);
    assert_int_equal(second.version, 1);
    assert_int_equal(contract_n(&second), 2);
    assert_int_equal(contract_owed_count(&second), 1);
    second = contract_record(&contract->arena, "second", 1, 3, 0);
    assert_int_equal(contract_save(contract, &second), SAVE_SAVED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, contract_setup, contract_teardown)
const struct CMUnitTest store_outage[] = {
    TEST(a_store_that_is_away_says_so_in_time_and_comes_back),
    TEST(a_store_that_stalls_is_given_up_in_time),
    TEST(what_was_saved_outlives_its_process_and_the_server),
};
const size_t store_outage_count = sizeof store_outage / sizeof store_outage[0];
