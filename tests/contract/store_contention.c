/* Many at once: threads of one store, stores of one process, processes. */
#include "tests/contract/contract_store.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>

#define THREADS    16
#define INCREMENTS 250
#define PROCESSES  3

struct worker {
    pthread_t thread;
    struct store_port port;
    int first;
    int increments, conflicts;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    worker->conflicts =
        contract_increment(&worker->port, worker->first, INCREMENTS, &worker->increments);
    return NULL;
}

static void competing_threads_lose_no_update(void **state)
{
    struct contract *contract = *state;
    contract_insert(contract, "counter", COUNTERS);
    struct error error;
    /* Half of them through a store of their own, as another instance of the service would. */
    struct store *other = store_open(contract_url(), "contract", contract->collection, &error);
    assert_non_null(other);
    struct worker workers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i] =
            (struct worker){ .port = i % 2 == 0 ? contract->port : store_port(other), .first = i };
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    int increments = 0, conflicts = 0;
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        increments += workers[i].increments;
        conflicts += workers[i].conflicts;
    }
    store_close(other);
    assert_true(increments >= THREADS * INCREMENTS);
    assert_int_equal(contract_sum(contract), increments);
    assert_true(conflicts > 0); /* or they did not compete */
    print_message("# %d increments over %d documents, %d conflicts\n", increments, COUNTERS,
                  conflicts);
}

static void competing_processes_lose_no_update(void **state)
{
    struct contract *contract = *state;
    contract_insert(contract, "counter", COUNTERS);
    int processes[PROCESSES], increments = 0, status = -1;
    for (int i = 0; i < PROCESSES; i++)
        processes[i] = contract_spawn("increment", contract->collection);
    int own = 0, conflicts = 0;
    for (int i = 0; i < PROCESSES; i++) {
        int done, pid;
        while ((pid = waitpid(processes[i], &status, WNOHANG)) == 0) { /* as long as they run */
            conflicts += contract_increment(&contract->port, 0, 1, &done);
            own += done;
        }
        assert_int_equal(pid, processes[i]);
        assert_true(WIFEXITED(status));
        assert_in_range(WEXITSTATUS(status), 0, 2);
        increments += ROLE_INCREMENTS + WEXITSTATUS(status);
    }
    assert_int_equal(contract_sum(contract), increments + own);
    assert_true(conflicts > 0);
    print_message("# %d processes, %d increments and %d conflicts in this one\n", PROCESSES + 1,
                  own, conflicts);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, contract_setup, contract_teardown)
const struct CMUnitTest store_contention[] = {
    TEST(competing_threads_lose_no_update),
    TEST(competing_processes_lose_no_update),
};
const size_t store_contention_count = sizeof store_contention / sizeof store_contention[0];
