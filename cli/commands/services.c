/* services.c - roundtrip services: what there is, from the registry, for people and for scripts. */
#include "cli/commands/command.h"
#include "cli/screen/json.h"
#include "cli/screen/text.h"
#include "common/daemon/daemon_options.h"
#include "common/rabbitmq/topology_names.h"
#include "events/event.h"
#include "events/topology.h"
#include "services/registry.h"

#include <inttypes.h>
#include <string.h>

struct services_options {
    const char *output;
};

static const struct argument services_arguments[] = {
    OUTPUT_ARGUMENT(struct services_options),
    { 0 },
};

static void port_put(cJSON *json, const char *key, int64_t port)
{
    if (port != 0)
        cJSON_AddNumberToObject(json, key, (double)port);
    else
        cJSON_AddNullToObject(json, key);
}

static void queue_put(cJSON *json, const char *key, const char *queue, const char *suffix)
{
    char name[TOPOLOGY_NAME_SIZE] = "";
    if (queue != NULL)
        snprintf(name, sizeof name, "%s%s", queue, suffix);
    json_put_text(json, key, name);
}

static cJSON *variables_json(const struct service_description *service)
{
    cJSON *names = cJSON_CreateArray();
    for (size_t i = 0; service->config[i] != NULL; i++)
        for (const struct config_option *option = service->config[i]; option->name != NULL;
             option++)
            cJSON_AddItemToArray(names, cJSON_CreateString(option->name));
    return names;
}

static cJSON *consumed_json(const char *queue)
{
    cJSON *events = cJSON_CreateArray();
    for (size_t i = 0; queue != NULL && i < event_binding_count; i++)
        if (strcmp(event_bindings[i].queue, queue) == 0)
            cJSON_AddItemToArray(events, cJSON_CreateString(event_bindings[i].routing_key));
    return events;
}

static cJSON *published_json(const char *name)
{
    cJSON *types = cJSON_CreateArray();
    for (size_t i = 0; i < event_count; i++)
        if (strcmp(event_list[i]->owner, name) == 0)
            cJSON_AddItemToArray(types, cJSON_CreateString(event_list[i]->type));
    return types;
}

static cJSON *service_json(const struct service_description *service)
{
    char program[SETTINGS_NAME_SIZE];
    cJSON *json = cJSON_CreateObject();
    snprintf(program, sizeof program, "roundtrip-%s", service->name);
    json_put_text(json, "name", service->name);
    json_put_text(json, "purpose", service->purpose);
    json_put_text(json, "program", program);
    port_put(json, "port", service_default_port(service));
    port_put(json, "opsPort", daemon_default_ops_port(service));
    queue_put(json, "queue", service->queue, "");
    queue_put(json, "deadLetterQueue", service->queue, TOPOLOGY_DEAD_SUFFIX);
    queue_put(json, "laterQueue", service->queue, TOPOLOGY_LATER_SUFFIX);
    json_put_text(json, "collection",
                  service->participant != NULL ? service->participant(NULL).collection : NULL);
    cJSON_AddItemToObject(json, "consumes", consumed_json(service->queue));
    cJSON_AddItemToObject(json, "publishes", published_json(service->name));
    cJSON_AddItemToObject(json, "variables", variables_json(service));
    return json;
}

static void text_print_services(const struct cli *cli)
{
    static const char *const heads[] = { "service", "#port", "#operators", "queue", "what for" };
    struct table table;
    table_start(&table, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; services[i] != NULL; i++) {
        int64_t ops_port = daemon_default_ops_port(services[i]);
        table_add(&table, "%s", services[i]->name);
        table_add(&table, "%" PRId64, service_default_port(services[i]));
        table_add(&table, ops_port != 0 ? "%" PRId64 : "-", ops_port);
        table_add(&table, "%s", services[i]->queue != NULL ? services[i]->queue : "-");
        table_add(&table, "%s", services[i]->purpose);
    }
    table_print(&table, cli->out, cli->has_colours);
    table_done(&table);
}

static enum exit_status services_run(struct cli *cli, const void *self)
{
    const struct services_options *options = self;
    if (!output_is_json(options->output)) {
        text_print_services(cli);
        return EXIT_OK;
    }
    cJSON *all = cJSON_CreateArray();
    for (size_t i = 0; services[i] != NULL; i++)
        cJSON_AddItemToArray(all, service_json(services[i]));
    json_print(cli->out, all);
    return EXIT_OK;
}

const struct command command_services = {
    .name = "services",
    .summary = "which services there are, with their ports, queues and variables",
    .details = "As they are built, whether they run or not. The ports are those that a service "
               "has if it is\ntold nothing; -o json also has its dead letters, its collection, "
               "the events that it consumes\nand publishes, and the variables that it reads.\n",
    .arguments = services_arguments,
    .options_size = sizeof(struct services_options),
    .run = services_run,
};
