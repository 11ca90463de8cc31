/* The page of a service: what counts where, sums that add up, no stranger's text in a label. */
#include "common/daemon/metric_family.h"
#include "common/daemon/metrics.h"
#include "common/saga/request_port.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE_BYTES HTTP_ANSWER_BYTES_MAX

struct world {
    struct metrics *metrics;
    const struct observer_port *engine;
    const struct http_observer *http;
    int changes;
    atomic_int forwarded; /* HTTP has many threads */
    char page[PAGE_BYTES];
};

static void changed(void *self, const char *document_id)
{
    struct world *world = self;
    assert_non_null(document_id);
    world->changes++;
}

static void next_decided(void *self, const struct decided *decided)
{
    struct world *world = self;
    assert_non_null(decided->verdict);
    world->forwarded++;
}

static void next_answered(void *self, const struct http_request *request,
                          const struct http_answer *answer, int64_t started_ns, int64_t ended_ns)
{
    struct world *world = self;
    assert_non_null(request);
    assert_non_null(answer);
    assert_true(started_ns <= ended_ns);
    world->forwarded++;
}

static int world_make(void **state)
{
    static struct observer_port next = { .decided = next_decided };
    static struct http_observer http_next = { .answered = next_answered };
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    next.self = world;
    http_next.self = world;
    const struct metrics_setup setup = { "booking",  "booking-events", &next,
                                         &http_next, changed,          world };
    world->metrics = metrics_new(&setup);
    world->engine = metrics_engine_observer(world->metrics);
    world->http = metrics_http_observer(world->metrics);
    *state = world;
    return 0;
}

static int world_drop(void **state)
{
    struct world *world = *state;
    metrics_free(world->metrics);
    free(world);
    return 0;
}

static const char *page(struct world *world)
{
    const struct engine_status status = { .owed_documents = 1234567, .is_paused = true };
    size_t length = 0;
    metrics_write(world->metrics, &status, world->page, sizeof world->page, &length);
    assert_int_equal(strlen(world->page), length);
    return world->page;
}

static void assert_line(struct world *world, const char *line)
{
    if (strstr(page(world), line) == NULL)
        fail_msg("missing: %s\n%s", line, world->page);
}

static void decide(struct world *world, const struct delivery *delivery, const char *type,
                   enum outcome outcome)
{
    struct input input;
    memset(&input, 0, sizeof input);
    input.type_name = type;
    const struct decided decided = { .input = &input,
                                     .verdict = "wait",
                                     .state_from = "pending",
                                     .state_to = "pending",
                                     .outcome = outcome,
                                     .delivery = delivery };
    world->engine->decided(world->engine->self, &decided);
}

static void batch(struct world *world)
{
    struct input input, *inputs[] = { &input };
    memset(&input, 0, sizeof input);
    world->engine->batch_begin(world->engine->self, inputs, 1, 0);
}

static void acked(struct world *world, size_t count)
{
    world->engine->stage_end(world->engine->self, STAGE_ACK, count, NULL);
    world->engine->batch_end(world->engine->self);
}

static void a_delivery_counts_once_as_its_gravest_input(void **state)
{
    struct world *world = *state;
    struct delivery deliveries[3];
    memset(deliveries, 0, sizeof deliveries);
    batch(world);
    decide(world, &deliveries[0], "payment.captured", OUTCOME_DUPLICATE);
    decide(world, &deliveries[0], "payment.captured", OUTCOME_APPLIED);
    decide(world, &deliveries[0], "payment.captured", OUTCOME_DUPLICATE);
    decide(world, &deliveries[1], "payment.captured", OUTCOME_APPLIED);
    decide(world, &deliveries[1], "payment.captured", OUTCOME_REJECTED);
    decide(world, &deliveries[2], "payment.captured", OUTCOME_DUPLICATE);
    acked(world, 3);
    assert_line(world, "type=\"payment.captured\",outcome=\"applied\"} 1\n");
    assert_line(world, "type=\"payment.captured\",outcome=\"rejected\"} 1\n");
    assert_line(world, "type=\"payment.captured\",outcome=\"duplicate\"} 1\n");
    assert_line(world, "roundtrip_messages_delivered_total{queue=\"booking-events\"} 3\n");
    assert_line(world,
                "roundtrip_decisions_total{participant=\"booking\",input=\"payment.captured\","
                "decision=\"wait\"} 6\n");
}

static void a_batch_that_begins_before_the_other_one_ends_is_counted_apart(void **state)
{
    struct world *world = *state;
    struct delivery deliveries[2];
    memset(deliveries, 0, sizeof deliveries);
    batch(world);
    decide(world, &deliveries[0], "payment.captured", OUTCOME_APPLIED);
    batch(world);
    decide(world, &deliveries[1], "payment.captured", OUTCOME_REJECTED);
    acked(world, 1);
    assert_line(world, "type=\"payment.captured\",outcome=\"applied\"} 1\n");
    assert_null(strstr(page(world), "outcome=\"rejected\""));
    acked(world, 1);
    assert_line(world, "type=\"payment.captured\",outcome=\"rejected\"} 1\n");
    assert_line(world,
                "roundtrip_message_process_duration_seconds_count{queue=\"booking-events\"} 2\n");
}

static void a_delivery_decided_again_before_its_ack_counts_once(void **state)
{
    struct world *world = *state;
    struct delivery delivery;
    memset(&delivery, 0, sizeof delivery);
    batch(world); /* the publish failed: no ack */
    decide(world, &delivery, "payment.captured", OUTCOME_APPLIED);
    world->engine->batch_end(world->engine->self);
    assert_null(strstr(page(world), "outcome=\"applied\""));
    batch(world);
    decide(world, &delivery, "payment.captured", OUTCOME_DUPLICATE);
    acked(world, 1);
    assert_line(world, "roundtrip_messages_delivered_total{queue=\"booking-events\"} 1\n");
    assert_line(world, "outcome=\"duplicate\"} 1\n");
    assert_null(strstr(page(world), "outcome=\"applied\""));
}

static void a_strangers_type_is_never_a_label(void **state)
{
    struct world *world = *state;
    struct delivery delivery;
    memset(&delivery, 0, sizeof delivery);
    (void)snprintf(delivery.message.type, sizeof delivery.message.type, "x\"} 1\nevil");
    batch(world);
    world->engine->quarantined(world->engine->self, &delivery, "malformed");
    acked(world, 1);
    assert_line(world, "type=\"\",outcome=\"quarantined\"} 1\n");
    assert_null(strstr(page(world), "evil"));
}

static void a_delivery_that_concerned_nobody_is_in_the_sum(void **state)
{
    struct world *world = *state;
    batch(world);
    acked(world, 2);
    assert_line(world, "roundtrip_messages_delivered_total{queue=\"booking-events\"} 2\n");
    assert_line(world, "type=\"\",outcome=\"duplicate\"} 2\n");
}

static void waiters_are_told_of_each_document_that_is_saved(void **state)
{
    struct world *world = *state;
    batch(world);
    assert_int_equal(world->changes, 0);
    decide(world, NULL, "deadline", OUTCOME_APPLIED);
    assert_int_equal(world->changes, 1); /* before anything is published */
    decide(world, NULL, "deadline", OUTCOME_APPLIED);
    world->engine->batch_end(world->engine->self);
    assert_int_equal(world->changes, 2);
    assert_int_equal(world->forwarded, 2);
}

static void answer(struct world *world, const char *route, const char *method, int status,
                   int64_t duration_ms)
{
    const struct http_request request = { .route = route, .method = method };
    const struct http_answer http_answer = { .status = status };
    world->http->answered(world->http->self, &request, &http_answer, 0, duration_ms * 1000000);
}

static void requests_are_counted_by_route_and_never_by_path(void **state)
{
    struct world *world = *state;
    answer(world, "/booking/{id}", "GET", 200, 20);
    answer(world, "/booking/{id}", "GET", 200, 3000);
    answer(world, "", "EVIL\"", 404, 1);
    const char *labels = "{route=\"/booking/{id}\",method=\"GET\",code=\"200\"";
    char line[256];
    (void)snprintf(line, sizeof line, "roundtrip_http_requests_total%s} 2\n", labels);
    assert_line(world, line);
    (void)snprintf(line, sizeof line,
                   "roundtrip_http_request_duration_seconds_bucket%s,le=\"0.025\"} 1\n", labels);
    assert_line(world, line);
    (void)snprintf(line, sizeof line,
                   "roundtrip_http_request_duration_seconds_bucket%s,le=\"+Inf\"} 2\n", labels);
    assert_line(world, line);
    (void)snprintf(line, sizeof line, "roundtrip_http_request_duration_seconds_count%s} 2\n",
                   labels);
    assert_line(world, line);
    (void)snprintf(line, sizeof line, "roundtrip_http_request_duration_seconds_sum%s} 3.02\n",
                   labels);
    assert_line(world, line);
    assert_line(world, "{route=\"\",method=\"\",code=\"404\"} 1\n");
    assert_int_equal(world->forwarded, 3);
}

static void large_numbers_stay_exact(void **state)
{
    struct world *world = *state;
    assert_line(world, "roundtrip_outbox_pending{queue=\"booking-events\"} 1234567\n");
    assert_line(world, "roundtrip_engine_paused{queue=\"booking-events\"} 1\n");
}

static void every_family_has_one_type_and_every_line_ends(void **state)
{
    struct world *world = *state;
    answer(world, "/livez", "GET", 200, 1);
    const char *text = page(world);
    assert_int_equal(text[strlen(text) - 1], '\n');
    char seen[32][96];
    size_t count = 0;
    for (const char *at = strstr(text, "# TYPE "); at != NULL; at = strstr(at + 1, "# TYPE ")) {
        assert_true(count < 32);
        assert_int_equal(sscanf(at, "# TYPE %95s", seen[count]), 1);
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(seen[i], seen[count]);
        count++;
    }
    assert_true(count >= 10);
}

static void a_page_that_is_full_ends_with_a_whole_line(void **state)
{
    struct world *world = *state;
    const struct engine_status status = { 0 };
    for (int i = 0; i < 50; i++)
        answer(world, "/livez", "GET", 200 + i, 1);
    for (size_t size = 100; size < 20000; size += 997) {
        size_t length = 0;
        metrics_write(world->metrics, &status, world->page, size, &length);
        assert_true(length < size);
        assert_int_equal(strlen(world->page), length);
        assert_true(length == 0 || world->page[length - 1] == '\n');
    }
}

static void label_sets_are_bounded(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 3 * METRIC_ROWS_MAX; i++)
        answer(world, "/livez", "GET", 1000 + i, 1);
    char line[96];
    (void)snprintf(line, sizeof line, "roundtrip_http_requests_total{overflow=\"true\"} %d\n",
                   2 * METRIC_ROWS_MAX);
    assert_line(world, line);
    (void)snprintf(line, sizeof line,
                   "roundtrip_http_request_duration_seconds_count{overflow=\"true\"} %d\n",
                   2 * METRIC_ROWS_MAX);
    assert_line(world, line);
}

static void *answer_many(void *self)
{
    for (int i = 0; i < 1000; i++)
        answer(self, i % 2 == 0 ? "/a" : "/b", "GET", 200, 1);
    return NULL;
}

static void threads_lose_no_count(void **state)
{
    struct world *world = *state;
    pthread_t threads[4];

    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, answer_many, world), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_line(world,
                "roundtrip_http_requests_total{route=\"/a\",method=\"GET\",code=\"200\"} 2000\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_delivery_counts_once_as_its_gravest_input),
        TEST(a_batch_that_begins_before_the_other_one_ends_is_counted_apart),
        TEST(a_delivery_decided_again_before_its_ack_counts_once),
        TEST(a_strangers_type_is_never_a_label),
        TEST(a_delivery_that_concerned_nobody_is_in_the_sum),
        TEST(waiters_are_told_of_each_document_that_is_saved),
        TEST(requests_are_counted_by_route_and_never_by_path),
        TEST(large_numbers_stay_exact),
        TEST(every_family_has_one_type_and_every_line_ends),
        TEST(a_page_that_is_full_ends_with_a_whole_line),
        TEST(label_sets_are_bounded),
        TEST(threads_lose_no_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
