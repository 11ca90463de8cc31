/* What a service says of itself: each trouble by its name, and which of them is worth a 503. The
 * daemon around it is this test's own. */
#include "common/daemon/daemon_private.h"
#include "common/daemon/readiness.h"
#include "common/daemon/store_gauge.h"
#include "common/http/http_accept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct engine_status engine;
static const char *bus_text;
static const char *store_text; /* NULL: it passes */
static const char *effects_text;
static int64_t still_ms, descriptors_ms;
static bool is_stopping;
static struct http_answer answer;
static struct daemon_service service;
static struct daemon daemon_of_test;

void daemon_status_get(struct daemon *daemon, struct engine_status *ret_status,
                       char ret_bus_detail[ERROR_MESSAGE_BYTES])
{
    (void)daemon;
    *ret_status = engine;
    snprintf(ret_bus_detail, ERROR_MESSAGE_BYTES, "%s", bus_text);
}
int64_t daemon_loop_still_ms(const struct daemon *daemon)
{
    (void)daemon;
    return still_ms;
}
bool daemon_is_stopping(const struct daemon *daemon)
{
    (void)daemon;
    return is_stopping;
}
bool store_gauge_passes(struct store_gauge *gauge, char ret_why[ERROR_MESSAGE_BYTES])
{
    (void)gauge;
    if (store_text != NULL)
        snprintf(ret_why, ERROR_MESSAGE_BYTES, "%s", store_text);
    return store_text == NULL;
}
void http_accept_status_get(struct http_accept_status *ret_status)
{
    *ret_status = (struct http_accept_status){ .refused = 0, .since_ms = descriptors_ms };
}
void metrics_write(struct metrics *metrics, const struct engine_status *status, char *buffer,
                   size_t size, size_t *length)
{
    (void)metrics, (void)status, (void)buffer, (void)size, (void)length;
}

static bool effects_trouble(void *self, char *why, size_t size)
{
    (void)self;
    snprintf(why, size, "%s", effects_text != NULL ? effects_text : "");
    return effects_text != NULL;
}

static int set_up(void **state)
{
    (void)state;
    engine = (struct engine_status){ .bus = { .can_publish = true, .can_consume = true } };
    bus_text = "";
    store_text = effects_text = NULL;
    still_ms = 0;
    descriptors_ms = INT64_MAX;
    is_stopping = false;
    service =
        (struct daemon_service){ .name = "booking", .effects = { .trouble = effects_trouble } };
    daemon_of_test.service = &service;
    answer = (struct http_answer){ .body = malloc(HTTP_ANSWER_BYTES_MAX) };
    return answer.body == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    free(answer.body);
    return 0;
}

static int get(const char *path)
{
    struct http_route routes[HEALTH_ROUTES];
    const struct http_request request = { .route = path };
    char *body = answer.body;
    health_routes(&daemon_of_test, routes);
    for (size_t i = 0; i < HEALTH_ROUTES; i++)
        if (strcmp(routes[i].path, path) == 0) {
            answer = (struct http_answer){ .body = body };
            routes[i].handle(routes[i].self, &request, &answer);
            answer.body[answer.body_length] = '\0';
            return answer.status;
        }
    fail_msg("no route %s", path);
    return 0;
}

static void assert_says(const char *text)
{
    if (strstr(answer.body, text) == NULL)
        fail_msg("%s is not in %s", text, answer.body);
}

static void a_service_without_trouble_is_ready(void **state)
{
    (void)state;
    assert_int_equal(get("/readyz"), 200);
    assert_string_equal(
        answer.body, "{\"status\":\"pass\",\"checks\":{\"broker\":{\"status\":\"pass\"},\"store\":{"
                     "\"status\":\"pass\"},\"outbox\":{\"status\":\"pass\"},\"loop\":{\"status\":"
                     "\"pass\"},\"log\":{\"status\":\"pass\"},\"effects\":{\"status\":\"pass\"},"
                     "\"documents\":{\"status\":\"pass\"},\"descriptors\":{\"status\":\"pass\"},"
                     "\"release\":{\"status\":\"pass\"},\"process\":{\"status\":\"pass\"}}}");
    assert_int_equal(get("/livez"), 200);
    assert_string_equal(answer.body, "{\"status\":\"pass\"}");
}

/* One trouble after the other, each alone. */
static void trouble(int number)
{
    switch (number) {
    case 0:
        engine.bus.can_publish = false;
        break;
    case 1:
        engine.bus.can_consume = false;
        bus_text = "refused";
        break;
    case 2:
        store_text = "not primary";
        break;
    case 3:
        engine.is_paused = true;
        snprintf(engine.pause_reason, sizeof engine.pause_reason, "the disk is full");
        break;
    case 4:
        engine.is_outbox_full = true;
        engine.owed_documents = 17;
        snprintf(engine.refused, sizeof engine.refused, "not this");
        break;
    case 5:
        still_ms = LOOP_STILL_MS_MAX + 1;
        break;
    case 6:
        is_stopping = true;
        break;
    case 7:
        snprintf(engine.refused, sizeof engine.refused, "payment.captured is refused");
        break;
    case 8:
        engine.unreadable = 5;
        engine.passed_over = 2;
        snprintf(engine.unreadable_reason, sizeof engine.unreadable_reason, "B1 is damaged");
        break;
    case 9:
        effects_text = "the provider is away";
        break;
    case 10:
        descriptors_ms = 4999;
        break;
    default:
        engine.has_newer = true;
        snprintf(engine.newer_reason, sizeof engine.newer_reason, "B1");
        break;
    }
}

static void each_trouble_has_its_name_and_says_whether_work_is_taken(void **state)
{
    static const struct {
        int status;
        const char *text;
    } cases[] = {
        { 503, "\"broker\":{\"status\":\"fail\",\"detail\":\"not connected yet\"}" },
        { 503, "\"broker\":{\"status\":\"fail\",\"detail\":\"refused\"}" },
        { 503, "\"store\":{\"status\":\"fail\",\"detail\":\"not primary\"}" },
        { 503, "\"store\":{\"status\":\"fail\",\"detail\":\"the disk is full\"}" },
        { 503, "\"outbox\":{\"status\":\"fail\",\"detail\":\"17 documents owe messages" },
        { 503, "\"loop\":{\"status\":\"fail\",\"detail\":\"nothing has been done for 15 s" },
        { 503, "\"process\":{\"status\":\"fail\",\"detail\":\"stopping\"}" },
        { 200, "\"outbox\":{\"status\":\"warn\",\"detail\":\"payment.captured is refused; the" },
        { 200, "\"documents\":{\"status\":\"warn\",\"detail\":\"2 stored documents can only be "
               "passed over: B1 is damaged\"}" },
        { 200, "\"effects\":{\"status\":\"warn\",\"detail\":\"the provider is away\"}" },
        { 200, "\"descriptors\":{\"status\":\"warn\",\"detail\":\"no descriptors are left" },
        { 200, "\"release\":{\"status\":\"warn\",\"detail\":\"left to a newer release, which has "
               "to run beside this one: B1\"}" },
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof cases[0]); i++) {
        tear_down(state);
        set_up(state);
        trouble(i);
        int status = get("/readyz");
        if (status != cases[i].status)
            fail_msg("%d for %s", status, answer.body);
        assert_says(cases[i].text);
        const char *gravest = status == 200 ? "{\"status\":\"warn\"," : "{\"status\":\"fail\",";
        assert_memory_equal(answer.body, gravest, strlen(gravest));
        size_t passing = 0;
        for (const char *at = answer.body; (at = strstr(at, "\"pass\"")) != NULL; at++)
            passing++;
        assert_int_equal(passing, CHECK_COUNT - 1);
        assert_int_equal(get("/health"), 200); /* which is for people */
        assert_says(cases[i].text);
        assert_int_equal(get("/livez"), i == 5 ? 503 : 200);
    }
}

static void what_is_at_its_bound_is_no_trouble(void **state)
{
    (void)state;
    still_ms = LOOP_STILL_MS_MAX;
    descriptors_ms = 5000;
    engine.unreadable = 5; /* and by now none of them is there any more */
    assert_int_equal(get("/readyz"), 200);
    assert_memory_equal(answer.body, "{\"status\":\"pass\",", 17);
    assert_int_equal(get("/livez"), 200);
}

static void health_counts_what_became_of_every_message(void **state)
{
    (void)state;
    engine.delivered = 1;
    engine.applied = 2;
    engine.duplicates = 3;
    engine.rejected = 4;
    engine.deferred = 5;
    engine.later = 6;
    engine.quarantined = 7;
    engine.owed_documents = 8;
    assert_int_equal(get("/health"), 200);
    assert_says("{\"service\":\"booking\",\"version\":\"" ROUNDTRIP_VERSION
                "\",\"status\":\"pass\",");
    assert_says("\"messages\":{\"delivered\":1,\"applied\":2,\"duplicates\":3,\"rejected\":4,"
                "\"deferred\":5,\"later\":6,\"quarantined\":7},\"owedDocuments\":8}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_service_without_trouble_is_ready),
        TEST(each_trouble_has_its_name_and_says_whether_work_is_taken),
        TEST(what_is_at_its_bound_is_no_trouble),
        TEST(health_counts_what_became_of_every_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
