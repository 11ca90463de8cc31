/* service.c - the rules that a service's own defaults make. */
#include "common/saga/service.h"

#include <assert.h>

const void *service_default_rules(const struct service_description *service, struct arena *arena)
{
    assert(service->rules != NULL);
    void *options = arena_alloc(arena, service->options_size);
    void *rules = arena_alloc(arena, service->rules_size);
    config_defaults(service->config, options);
    service->rules(options, rules);
    return rules;
}
