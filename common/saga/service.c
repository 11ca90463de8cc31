/* service.c - the rules that a service's own defaults make. */
#include "common/saga/service.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int64_t service_default_port(const struct service_description *service)
{
    for (size_t i = 0; service->config[i] != NULL; i++)
        for (const struct config_option *option = service->config[i]; option->name != NULL;
             option++)
            if (strcmp(option->name, "ROUNDTRIP_HTTP_PORT") == 0)
                return strtoll(option->default_value, NULL, 10);
    assert(false && "every service answers HTTP");
    return 0;
}

const void *service_default_rules(const struct service_description *service, struct arena *arena)
{
    assert(service->rules != NULL);
    void *options = arena_alloc(arena, service->options_size);
    void *rules = arena_alloc(arena, service->rules_size);
    config_defaults(service->config, options);
    service->rules(options, rules);
    return rules;
}
