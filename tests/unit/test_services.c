/* What must hold of all services together, as the registry lists them, and of what the command
 * tells of them. */
#include "cli/commands/command.h"
#include "common/daemon/daemon_options.h"
#include "events/event.h"
#include "events/topology.h"
#include "services/registry.h"
#include "tests/unit/service_laws.h"

#include <cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void no_two_services_have_a_name_or_a_queue_in_common(void **state)
{
    (void)state;
    for (size_t i = 0; services[i] != NULL; i++) {
        assert_ptr_equal(service_find(services[i]->name), services[i]);
        assert_int_equal(service_index(services[i]), i);
        for (size_t k = 0; k < i; k++)
            if (services[i]->queue != NULL && services[k]->queue != NULL)
                assert_string_not_equal(services[i]->queue, services[k]->queue);
    }
    assert_null(service_find("nobody"));
}

static void a_participant_is_its_service_and_has_rules_where_nothing_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; services[i] != NULL; i++) {
        const struct service_description *service = services[i];
        struct arena arena = { NULL, NULL };
        assert_int_equal(service->queue != NULL, service->participant != NULL);
        assert_int_equal(daemon_default_ops_port(service) != 0, service->participant != NULL);
        if (service->participant == NULL)
            continue;
        const void *rules = service_default_rules(service, &arena);
        const struct participant participant = service->participant(rules);
        assert_ptr_equal(participant.self, rules);
        assert_string_equal(participant.name, service->name);
        assert_true(participant.due_at_ms_offset + sizeof(int64_t) <= participant.state_size);
        arena_done(&arena);
    }
}

static size_t bindings_of(const char *queue)
{
    size_t count = 0;
    for (size_t i = 0; i < event_binding_count; i++)
        count += strcmp(event_bindings[i].queue, queue) == 0;
    return count;
}

/* ---- the laws, and a break of each ---- */

static struct service_world the_world(void)
{
    struct service_world world = { .bindings = event_bindings,
                                   .binding_count = event_binding_count,
                                   .events = event_list,
                                   .event_count = event_count };
    for (size_t i = 0; services[i] != NULL; i++)
        world.services[i] = services[i];
    _Static_assert(SERVICES_MAX < sizeof world.services / sizeof world.services[0], "has room");
    return world;
}

static void all_services_keep_the_laws(void **state)
{
    (void)state;
    struct error error;
    const struct service_world world = the_world();
    if (!service_laws_check(&world, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; services[i] != NULL; i++)
        assert_true(services[i]->queue == NULL || bindings_of(services[i]->queue) > 0);
}

static void assert_breaks(const struct service_world *world, const char *law)
{
    struct error error;
    assert_false(service_laws_check(world, &error));
    if (strstr(error.message, law) == NULL)
        fail_msg("%s", error.message);
}

/* A stranger behind the others, like `like` but for its name and its port. */
static struct service_description stranger_like(const char *like, const char *port)
{
    static struct config_option options[] = { { .name = "ROUNDTRIP_HTTP_PORT" }, { 0 } };
    static const struct config_option *const config[] = { options, NULL };
    struct service_description stranger = *service_find(like);
    options[0].default_value = port;
    stranger.name = "stranger";
    stranger.queue = "stranger-events";
    stranger.config = config;
    return stranger;
}

static void a_name_or_a_port_that_is_odd_is_named(void **state)
{
    (void)state;
    struct service_world world = the_world();
    struct service_description stranger = stranger_like("booking", "3050");
    world.services[service_index(service_find("provider")) + 1] = &stranger;
    stranger.name = "Stranger";
    assert_breaks(&world, "service Stranger: a name is of a-z");
    stranger.name = "_stranger";
    assert_breaks(&world, "service _stranger: a name is of a-z");
    stranger = stranger_like("booking", "3001");
    assert_breaks(&world, "service stranger: its port 3001 is booking's");
    stranger = stranger_like("booking", "3101");
    assert_breaks(&world, "service stranger: its port 3101 is booking's");
    stranger = stranger_like("booking", "2901");
    assert_breaks(&world, "service stranger: its port 3001 is booking's");
}

static void an_event_without_owner_or_listener_is_named(void **state)
{
    (void)state;
    struct event event = *event_list[0];
    const struct event *events[32];
    struct service_world world = the_world();
    memcpy(events, event_list, event_count * sizeof events[0]);
    events[world.event_count++] = &event;
    world.events = events;
    event.owner = "nobody";
    assert_breaks(&world, "event booking.intent.created: its owner nobody is no service");
    event.owner = "booking";
    event.type = "booking.forgotten";
    assert_breaks(&world, "event booking.forgotten: nobody listens to it");
}

static void a_binding_that_fits_no_contents_is_named(void **state)
{
    (void)state;
    struct topology_binding bindings[64];
    struct service_world world = the_world();
    memcpy(bindings, event_bindings, event_binding_count * sizeof bindings[0]);
    struct topology_binding *more = &bindings[world.binding_count++];
    world.bindings = bindings;
    *more = (struct topology_binding){ "stranger-events", EVENT_PAYMENT_CAPTURED };
    assert_breaks(&world, "queue stranger-events: no service consumes it");
    *more = (struct topology_binding){ QUEUE_BOOKING, "booking.unheard" };
    assert_breaks(&world, "service booking: its queue gets booking.unheard, which is no event");
    *more = (struct topology_binding){ QUEUE_BOOKING, EVENT_PAYMENT_REFUNDED };
    assert_breaks(&world, "service booking: its queue gets payment.refunded, which its contents");
    more[0] = bindings[0];
    bindings[0] = bindings[1];
    for (size_t i = 0; i < world.binding_count; i++)
        if (strcmp(bindings[i].queue, QUEUE_GATEWAY) == 0 &&
            strcmp(bindings[i].routing_key, EVENT_PAYMENT_DECLINED) == 0)
            bindings[i] = bindings[1];
    assert_breaks(&world, "service gateway: its contents have payment.declined, which its queue");
}

static void assert_odd(const struct participant *participant, const char *law)
{
    struct error error;
    const struct service_world world = the_world();
    assert_false(service_participant_check(&world, service_find("booking"), participant, &error));
    if (strstr(error.message, law) == NULL)
        fail_msg("%s", error.message);
}

static void a_participant_that_is_not_its_table_is_named(void **state)
{
    (void)state;
    struct participant participant = service_find("booking")->participant(NULL);
    participant.due_at_ms_offset = 0;
    assert_odd(&participant, "service booking: pending waits, and its participant has no due_at");
    struct content_form forms[2] = { participant.contents[1], { 0 } };
    participant.contents = forms;
    forms[0].type++;
    assert_odd(&participant, "service booking: its contents' booking.intent.created is its table's "
                             "booking.cancel.requested");
    forms[0].type = participant.table->input_count;
    assert_odd(&participant, "its contents' booking.intent.created is no input of its table");
}

/* ---- what the command tells ---- */

static cJSON *told(void)
{
    static char out[65536];
    static char option[] = "-o";
    static char form[] = "json";
    char *words[] = { option, form };
    const char *options[1] = { NULL };
    struct cli cli = { .out = fmemopen(out, sizeof out - 1, "w") };
    assert_non_null(cli.out);
    assert_int_equal(command_services.options_size, sizeof options);
    assert_true(arguments_read(command_services.arguments, 2, words, options, stderr));
    assert_int_equal(command_services.run(&cli, options), EXIT_OK);
    fclose(cli.out);
    return cJSON_Parse(out);
}

static const char *text_of(const cJSON *one, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, key));
}

static size_t size_of(const cJSON *one, const char *key)
{
    return (size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(one, key));
}

static void the_command_tells_of_each_what_scripts_need(void **state)
{
    (void)state;
    cJSON *all = told();
    const cJSON *one = all->child;
    for (size_t i = 0; services[i] != NULL; i++, one = one->next) {
        assert_non_null(one);
        assert_string_equal(text_of(one, "name"), services[i]->name);
        assert_string_equal(text_of(one, "purpose"), services[i]->purpose);
        assert_true(size_of(one, "variables") > 0);
        if (services[i]->queue == NULL) {
            assert_null(text_of(one, "queue"));
            assert_int_equal(size_of(one, "consumes"), 0);
            continue;
        }
        assert_string_equal(text_of(one, "queue"), services[i]->queue);
        assert_memory_equal(text_of(one, "deadLetterQueue"), services[i]->queue,
                            strlen(services[i]->queue));
        assert_int_equal(size_of(one, "consumes"), bindings_of(services[i]->queue));
        assert_non_null(text_of(one, "collection"));
    }
    assert_null(one);
    cJSON_Delete(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_two_services_have_a_name_or_a_queue_in_common),
        cmocka_unit_test(a_participant_is_its_service_and_has_rules_where_nothing_is_said),
        cmocka_unit_test(all_services_keep_the_laws),
        cmocka_unit_test(a_name_or_a_port_that_is_odd_is_named),
        cmocka_unit_test(an_event_without_owner_or_listener_is_named),
        cmocka_unit_test(a_binding_that_fits_no_contents_is_named),
        cmocka_unit_test(a_participant_that_is_not_its_table_is_named),
        cmocka_unit_test(the_command_tells_of_each_what_scripts_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
