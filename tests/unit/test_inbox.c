/* Requests and their answers between threads: full, closed, too late, and under load. */
#include "common/daemon/inbox.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SUBMITTERS      8
#define PER_SUBMITTER   500
#define EVENT_WAIT_MS   5000 /* far beyond any wait that a sound inbox makes */
#define BATCH_OF_ENGINE 3
#define TAKE_MS_MAX     60000
#define TAKE_SOON_MS    200

static struct wake loop_wake;

static int loop_open(void **state)
{
    (void)state;
    return wake_open(&loop_wake) ? 0 : -1;
}

static int loop_close(void **state)
{
    (void)state;
    wake_close(&loop_wake);
    return 0;
}

struct submitter {
    pthread_t thread;
    struct inbox *inbox;
    struct request request;
    int first_version;
    int accepted, refused, wrong;
    atomic_int *live; /* submitters that have not ended */
};

static void *submit_one(void *self)
{
    struct submitter *submitter = self;
    if (inbox_submit(submitter->inbox, &submitter->request))
        submitter->accepted++;
    else
        submitter->refused++;
    return NULL;
}

static bool event_is_set(int timeout_ms)
{
    struct pollfd fd = { .fd = loop_wake.fd, .events = POLLIN };
    return poll(&fd, 1, timeout_ms) == 1;
}

static void start(struct submitter *submitter, struct inbox *inbox)
{
    memset(submitter, 0, sizeof *submitter);
    submitter->inbox = inbox;
    assert_int_equal(pthread_create(&submitter->thread, NULL, submit_one, submitter), 0);
}

/* The engine's thread, by hand: the next request, once it is there. */
static struct request *take_one(struct inbox *inbox)
{
    struct request_port port = inbox_port(inbox);
    struct request *taken;
    while (port.take(port.self, 1, &taken) == 0) {
        assert_true(event_is_set(EVENT_WAIT_MS));
        wake_clear(&loop_wake);
    }
    return taken;
}

static void a_submitter_waits_for_its_answer(void **state)
{
    (void)state;
    struct inbox *inbox = inbox_new(4, TAKE_MS_MAX, &loop_wake);
    struct request_port port = inbox_port(inbox);
    struct submitter submitter;
    start(&submitter, inbox);
    struct request *taken = take_one(inbox);
    assert_ptr_equal(taken, &submitter.request);
    taken->reply = REPLY_ACCEPTED;
    port.answer(port.self, taken);
    pthread_join(submitter.thread, NULL);
    assert_int_equal(submitter.accepted, 1);
    assert_int_equal(submitter.request.reply, REPLY_ACCEPTED);
    inbox_free(inbox);
}

static void a_full_inbox_refuses(void **state)
{
    (void)state;
    struct inbox *inbox = inbox_new(1, TAKE_MS_MAX, &loop_wake);
    struct request_port port = inbox_port(inbox);
    struct submitter waiting;
    struct request second;
    memset(&second, 0, sizeof second);
    start(&waiting, inbox);
    assert_true(event_is_set(EVENT_WAIT_MS)); /* it is in */
    assert_false(inbox_submit(inbox, &second));
    port.answer(port.self, take_one(inbox));
    pthread_join(waiting.thread, NULL);
    assert_int_equal(waiting.accepted, 1);
    inbox_free(inbox);
}

static void what_is_taken_and_not_answered_counts_as_well(void **state)
{
    (void)state;
    struct inbox *inbox = inbox_new(1, TAKE_MS_MAX, &loop_wake);
    struct request_port port = inbox_port(inbox);
    struct submitter waiting;
    struct request second;
    memset(&second, 0, sizeof second);
    start(&waiting, inbox);
    struct request *taken = take_one(inbox);
    assert_false(inbox_submit(inbox, &second));
    port.answer(port.self, taken);
    pthread_join(waiting.thread, NULL);
    inbox_free(inbox);
}

static void what_is_not_taken_in_time_is_refused_and_never_taken(void **state)
{
    (void)state;
    struct inbox *inbox = inbox_new(4, TAKE_SOON_MS, &loop_wake);
    struct request_port port = inbox_port(inbox);
    struct request late, *taken;
    memset(&late, 0, sizeof late);
    assert_false(inbox_submit(inbox, &late));
    assert_int_equal(port.take(port.self, 1, &taken), 0);
    assert_false(inbox_submit(inbox, &late)); /* its place is free again */
    inbox_free(inbox);
}

static void what_is_taken_in_time_may_be_answered_later(void **state)
{
    (void)state;
    struct inbox *inbox = inbox_new(4, TAKE_SOON_MS, &loop_wake);
    struct request_port port = inbox_port(inbox);
    struct submitter submitter;
    start(&submitter, inbox);
    struct request *taken = take_one(inbox);
    poll(NULL, 0, 3 * TAKE_SOON_MS);
    port.answer(port.self, taken);
    pthread_join(submitter.thread, NULL);
    assert_int_equal(submitter.accepted, 1);
    inbox_free(inbox);
}

static void a_closed_inbox_refuses_but_gives_out_what_it_has(void **state)
{
    (void)state;
    struct inbox *inbox = inbox_new(4, TAKE_MS_MAX, &loop_wake);
    struct request_port port = inbox_port(inbox);
    struct submitter waiting;
    struct request late;
    memset(&late, 0, sizeof late);
    start(&waiting, inbox);
    assert_true(event_is_set(EVENT_WAIT_MS));
    inbox_close(inbox);
    assert_false(inbox_submit(inbox, &late));
    port.answer(port.self, take_one(inbox));
    pthread_join(waiting.thread, NULL);
    assert_int_equal(waiting.accepted, 1);
    inbox_free(inbox);
}

static void the_event_comes_with_a_wake_and_goes_when_cleared(void **state)
{
    (void)state;
    assert_false(event_is_set(0));
    wake_up(&loop_wake);
    wake_up(&loop_wake);
    assert_true(event_is_set(0));
    wake_clear(&loop_wake);
    assert_false(event_is_set(0));
    wake_clear(&loop_wake); /* does not wait */
}

static void a_rest_left_by_take_keeps_the_event_set(void **state)
{
    (void)state;
    struct inbox *inbox = inbox_new(4, TAKE_MS_MAX, &loop_wake);
    struct request_port port = inbox_port(inbox);
    struct submitter submitters[2];
    start(&submitters[0], inbox);
    assert_true(event_is_set(EVENT_WAIT_MS));
    start(&submitters[1], inbox);
    struct request *both[2], *more, other;
    both[1] = &other;
    size_t count = port.take(port.self, 1, both);
    assert_int_equal(count, 1);
    assert_ptr_equal(both[1], &other); /* no more than there is room for */
    wake_clear(&loop_wake);
    while (port.take(port.self, 0, &more) == 0 && !event_is_set(0))
        continue; /* until the second is in; a take of none re-arms the event */
    both[1] = take_one(inbox);
    port.answer(port.self, both[0]);
    port.answer(port.self, both[1]);
    for (size_t i = 0; i < 2; i++)
        pthread_join(submitters[i].thread, NULL);
    inbox_free(inbox);
}

static void *submit_many(void *self)
{
    struct submitter *submitter = self;
    for (int i = 0; i < PER_SUBMITTER; i++) {
        struct request request;
        memset(&request, 0, sizeof request);
        request.input.type = submitter->first_version + i;
        if (!inbox_submit(submitter->inbox, &request))
            submitter->refused++;
        else if (request.version == submitter->first_version + i)
            submitter->accepted++;
        else
            submitter->wrong++;
    }
    atomic_fetch_sub(submitter->live, 1);
    wake_up(&loop_wake);
    return NULL;
}

static void every_submitter_gets_its_own_answer_under_load(void **state)
{
    (void)state;
    struct inbox *inbox = inbox_new(SUBMITTERS / 2, TAKE_MS_MAX, &loop_wake);
    struct request_port port = inbox_port(inbox);
    struct submitter submitters[SUBMITTERS];
    atomic_int live = SUBMITTERS;
    int accepted = 0, refused = 0, answered = 0;
    for (int i = 0; i < SUBMITTERS; i++) {
        memset(&submitters[i], 0, sizeof submitters[i]);
        submitters[i].inbox = inbox;
        submitters[i].live = &live;
        submitters[i].first_version = 1 + i * PER_SUBMITTER;
        assert_int_equal(pthread_create(&submitters[i].thread, NULL, submit_many, &submitters[i]),
                         0);
    }
    while (atomic_load(&live) > 0) {
        struct request *taken[BATCH_OF_ENGINE];
        assert_true(event_is_set(EVENT_WAIT_MS));
        wake_clear(&loop_wake);
        size_t count = port.take(port.self, BATCH_OF_ENGINE, taken);
        for (size_t i = 0; i < count; i++, answered++) {
            taken[i]->version = taken[i]->input.type;
            port.answer(port.self, taken[i]);
        }
    }
    for (int i = 0; i < SUBMITTERS; i++) {
        pthread_join(submitters[i].thread, NULL);
        assert_int_equal(submitters[i].wrong, 0);
        accepted += submitters[i].accepted;
        refused += submitters[i].refused;
    }
    assert_int_equal(accepted, answered);
    assert_int_equal(accepted + refused, SUBMITTERS * PER_SUBMITTER);
    inbox_free(inbox);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, loop_open, loop_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_submitter_waits_for_its_answer),
        TEST(a_full_inbox_refuses),
        TEST(what_is_taken_and_not_answered_counts_as_well),
        TEST(what_is_not_taken_in_time_is_refused_and_never_taken),
        TEST(what_is_taken_in_time_may_be_answered_later),
        TEST(a_closed_inbox_refuses_but_gives_out_what_it_has),
        TEST(the_event_comes_with_a_wake_and_goes_when_cleared),
        TEST(a_rest_left_by_take_keeps_the_event_set),
        TEST(every_submitter_gets_its_own_answer_under_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
