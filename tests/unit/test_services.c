/* What must hold of all services together, as the registry lists them, and of what the command
 * tells of them. */
#include "cli/commands/command.h"
#include "common/daemon/daemon_options.h"
#include "events/event.h"
#include "events/topology.h"
#include "services/registry.h"

#include <cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void no_two_services_have_a_name_a_queue_or_a_port_in_common(void **state)
{
    (void)state;
    for (size_t i = 0; services[i] != NULL; i++) {
        assert_ptr_equal(service_find(services[i]->name), services[i]);
        assert_int_equal(service_index(services[i]), i);
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(service_default_port(services[i]),
                                 service_default_port(services[k]));
            if (services[i]->queue != NULL && services[k]->queue != NULL)
                assert_string_not_equal(services[i]->queue, services[k]->queue);
        }
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

static void every_binding_leads_to_a_service_and_every_event_comes_from_one(void **state)
{
    (void)state;
    size_t bound = 0;
    for (size_t i = 0; services[i] != NULL; i++)
        if (services[i]->queue != NULL) {
            assert_true(bindings_of(services[i]->queue) > 0);
            bound += bindings_of(services[i]->queue);
        }
    assert_int_equal(bound, event_binding_count);
    for (size_t i = 0; i < event_count; i++)
        assert_non_null(service_find(event_list[i]->owner));
}

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
        cmocka_unit_test(no_two_services_have_a_name_a_queue_or_a_port_in_common),
        cmocka_unit_test(a_participant_is_its_service_and_has_rules_where_nothing_is_said),
        cmocka_unit_test(every_binding_leads_to_a_service_and_every_event_comes_from_one),
        cmocka_unit_test(the_command_tells_of_each_what_scripts_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
