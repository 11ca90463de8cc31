/* Which traces are whole, and what a killed process may have taken along. */
#include "cli/commands/trace_shape.h"
#include "events/topology.h"
#include "gateway/service.h"
#include "payment/service.h"
#include "services/registry.h"
#include "tracing/tracing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BOOKING  "b1"
#define DELAY_NS 1000
#define ROOT     1

static struct spans spans;
static struct shapes shapes;

static int set_up(void **state)
{
    (void)state;
    spans_start(&spans);
    memset(&shapes, 0, sizeof shapes);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    spans_done(&spans);
    shapes_done(&shapes);
    return 0;
}

static void id_write(int id, char ret_hex[SPAN_ID_HEX_SIZE])
{
    uint8_t root[8];
    tracing_booking_root_id(BOOKING, root);
    snprintf(ret_hex, SPAN_ID_HEX_SIZE, "%016x", (unsigned)id);
    for (size_t i = 0; id == ROOT && i < sizeof root; i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", root[i]);
}

static struct trace_span *span_add(int id, int parent, const char *service, const char *name,
                                   const char *message_id, int64_t started_ns)
{
    struct trace_span *span = &spans.all[spans.count++];
    bool is_publish = strncmp(name, "publish", 7) == 0;
    *span = (struct trace_span){ .service = service,
                                 .name = name,
                                 .kind = is_publish ? "producer" : "internal",
                                 .decision = "",
                                 .state_from = "",
                                 .state_to = "",
                                 .error = "",
                                 .instance = strcmp(service, "saga") == 0 ? "" : service,
                                 .message_id = message_id,
                                 .state = "",
                                 .started_ns = started_ns,
                                 .ended_ns = started_ns + 10 };
    id_write(id, span->id);
    if (parent != 0)
        id_write(parent, span->parent);
    return span;
}

#define ASKED "booking.cancel.requested"
#define TOLD  "booking.cancelled"

static size_t other_count; /* further services that hear of it */

static void others_add(int parent)
{
    static char names[SERVICES_MAX][MESSAGE_TYPE_SIZE + 64];
    other_count = 0;
    for (size_t i = 0; i < event_binding_count; i++) {
        const struct service_description *listener = service_of_queue(event_bindings[i].queue);
        if (strcmp(event_bindings[i].routing_key, TOLD) != 0 || listener == &gateway_service ||
            listener == &payment_service)
            continue;
        char *name = names[service_index(listener)];
        snprintf(name, sizeof names[0], "process events:" TOLD ":%s", listener->queue);
        span_add(100 + (int)i, parent, listener->name, name, "booking:b1:2:0", 140);
        other_count++;
    }
}

/* A cancellation of what nobody has paid: one message in, one out to two queues. All but `left_out`
 * of the spans. */
static void trace_make(int left_out)
{
    spans.count = 0;
    span_add(ROOT, 0, "saga", "booking cancelled", "", 100)->state = "cancelled";
    span_add(2, ROOT, "gateway", "publish events:" ASKED, "gateway:b1:1:0", 110);
    struct trace_span *decided =
        span_add(3, 2, "booking", "process events:" ASKED ":booking-events", "gateway:b1:1:0", 120);
    decided->state_from = "pending";
    decided->state_to = "cancelled";
    span_add(4, 3, "booking", "update bookings", "", 125);
    span_add(5, 3, "booking", "publish events:" TOLD, "booking:b1:2:0", 130);
    span_add(6, 5, "gateway", "process events:" TOLD ":gateway-events", "booking:b1:2:0", 140);
    span_add(7, 5, "payment", "process events:" TOLD ":payment-events", "booking:b1:2:0", 140);
    others_add(5);
    for (int i = left_out - 1; left_out > 0 && i + 1 < (int)spans.count; i++)
        spans.all[i] = spans.all[i + 1];
    spans.count -= left_out > 0;
}

static size_t judge(int left_out)
{
    shapes_forget(&shapes, BOOKING);
    assert_null(shapes.flaws);
    trace_make(left_out);
    return shapes_judge(&shapes, &spans, BOOKING);
}

static void assert_flaw(enum flaw_kind kind, const char *part)
{
    for (const struct flaw *flaw = shapes.flaws; flaw != NULL; flaw = flaw->next)
        if (flaw->kind == kind && strstr(flaw->text, part) != NULL)
            return;
    print_error("no flaw says: %s\n", part);
    assert_true(false);
}

static void a_whole_trace_has_no_flaw(void **state)
{
    (void)state;
    assert_int_equal(judge(0), 0);
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    assert_int_equal(judge(ROOT), 1);
    assert_flaw(FLAW_NO_ROOT, "root");
    assert_int_equal(judge(5), 2 + other_count);
    assert_flaw(FLAW_ORPHAN, "gateway process events:" TOLD ":gateway-events");
    assert_int_equal(judge(7), 1);
    assert_flaw(FLAW_HOLE, "was not processed at payment-events");
    assert_int_equal(judge(4), 1);
    assert_flaw(FLAW_HOLE, "no save");
    assert_true(judge(3) >= 3);
    assert_flaw(FLAW_HOLE, "the decision that made it cancelled is missing");
    assert_flaw(FLAW_HOLE, "was not processed at booking-events");
}

/* Another one of its service began later, and its own last span is just before. */
static void only_a_process_that_ended_about_then_explains_a_loss(void **state)
{
    (void)state;
    assert_int_equal(judge(5),
                     2 + other_count); /* booking's publish is missing, between 100 and 140 */
    assert_string_equal(shapes.flaws->service, "booking");
    assert_null(shapes_lost_with(&shapes, shapes.flaws, DELAY_NS)); /* it lives on */
    struct spans later;
    spans_start(&later);
    later.all[later.count++] = spans.all[2];
    later.all[0].instance = "booking-2";
    later.all[0].started_ns = 5000;
    later.all[0].ended_ns = 5010;
    (void)shapes_judge(&shapes, &later, "b2");
    spans_done(&later);
    shapes_forget(&shapes, "b2");
    const struct shape_process *process = shapes_lost_with(&shapes, shapes.flaws, DELAY_NS);
    assert_non_null(process);
    assert_string_equal(process->instance, "booking");
    shapes.flaws->from_ns = shapes.flaws->to_ns = 4000; /* long after its last span */
    assert_null(shapes_lost_with(&shapes, shapes.flaws, DELAY_NS));
}

/* What is published ends before the input that caused it: killed in between, it has sent the one
 * and not the other. */
static void a_parent_may_be_lost_after_its_child_was_sent(void **state)
{
    (void)state;
    trace_make(3);
    spans.all[2].instance = spans.all[3].instance = "booking-1"; /* update and publish */
    assert_true(shapes_judge(&shapes, &spans, BOOKING) > 0);
    struct spans later;
    spans_start(&later);
    later.all[later.count++] = spans.all[2];
    later.all[0].instance = "booking-2";
    later.all[0].started_ns = 500;
    later.all[0].ended_ns = 510;
    (void)shapes_judge(&shapes, &later, "b2");
    spans_done(&later);
    shapes_forget(&shapes, "b2");
    for (const struct flaw *flaw = shapes.flaws; flaw != NULL; flaw = flaw->next)
        assert_non_null(shapes_lost_with(&shapes, flaw, DELAY_NS));
}

#define SHAPE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHAPE_TEST(a_whole_trace_has_no_flaw),
        SHAPE_TEST(what_is_missing_is_named),
        SHAPE_TEST(a_parent_may_be_lost_after_its_child_was_sent),
        SHAPE_TEST(only_a_process_that_ended_about_then_explains_a_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
