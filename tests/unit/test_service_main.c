/* The main of every service, as far as it goes without a broker: what a service is opened with, and
 * what becomes of one that will not open. */
#include "booking/participant.h"
#include "booking/service.h"
#include "common/base/exit_status.h"
#include "host/service_main.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct opened {
    int opens, closes;
    struct booking_rules rules;
    char queue[64], participant[64];
} opened;

static bool opening_refuse(const void *options, const struct participant *participant,
                           struct tracing_observer *observer, struct daemon_service *daemon,
                           struct error *error)
{
    assert_non_null(options);
    assert_non_null(observer);
    opened.opens++;
    opened.rules = *(const struct booking_rules *)participant->self;
    (void)snprintf(opened.queue, sizeof opened.queue, "%s", daemon->queue);
    (void)snprintf(opened.participant, sizeof opened.participant, "%s", daemon->participant->name);
    return error_set(error, ERROR_REJECT, "not today");
}

static void closing_count(void)
{
    opened.closes++;
}

static int run(char *argument)
{
    const struct service service = { .description = &booking_service,
                                     .open = opening_refuse,
                                     .close = closing_count };
    char name[] = "roundtrip-booking";
    char *arguments[] = { name, argument, NULL };
    memset(&opened, 0, sizeof opened);
    return service_main(argument != NULL ? 2 : 1, arguments, &service);
}

static int environment_set(void **state)
{
    (void)state;
    return setenv("ROUNDTRIP_STORE", "sqlite:/tmp/never-opened.db", 1) ||
           setenv("ROUNDTRIP_PAYMENT_TIMEOUT_MS", "4321", 1);
}

static void a_service_is_opened_with_its_options_rules_and_queue(void **state)
{
    (void)state;
    assert_int_equal(run(NULL), EXIT_USAGE);
    assert_int_equal(opened.opens, 1);
    assert_int_equal(opened.rules.payment_timeout_ms, 4321);
    assert_string_equal(opened.queue, booking_service.queue);
    assert_string_equal(opened.participant, booking_service.name);
    assert_int_equal(opened.closes, 0); /* what was not opened is not closed */
}

static void a_check_of_the_configuration_opens_nothing(void **state)
{
    char check[] = "--check-config";
    (void)state;
    assert_int_equal(run(check), EXIT_OK);
    assert_int_equal(opened.opens, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_service_is_opened_with_its_options_rules_and_queue,
                               environment_set),
        cmocka_unit_test_setup(a_check_of_the_configuration_opens_nothing, environment_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
