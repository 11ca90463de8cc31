/* service_laws.h - what must hold of all services together: their names, ports, queues and events.
 * Each law is given what it looks at, so that a test can show it a broken one, and says which
 * service breaks it. */
#pragma once

#include "common/daemon/daemon_options.h"
#include "common/saga/topology.h"
#include "common/saga/transition.h"
#include "events/event.h"
#include "services/registry.h"

#include <string.h>

struct service_world {
    const struct service_description
        *services[SERVICES_MAX + 2]; /* ended by NULL; room for a stranger */
    const struct topology_binding *bindings;
    size_t binding_count;
    const struct event *const *events;
    size_t event_count;
};

static bool name_is_plain(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
    return name[0] != '_' && name[0] != '\0' && name[strspn(name, letters)] == '\0';
}

static bool service_names_check(const struct service_world *world, struct error *error)
{
    for (size_t i = 0; world->services[i] != NULL; i++)
        if (!name_is_plain(world->services[i]->name))
            return error_set(error, ERROR_BUG, "service %s: a name is of a-z and _, a letter first",
                             world->services[i]->name);
    return true;
}

/* Of both listeners of one service and of all before it. */
static bool port_is_free(const struct service_world *world, size_t at, int64_t port,
                         struct error *error)
{
    for (size_t i = 0; i < at; i++)
        if (service_default_port(world->services[i]) == port ||
            daemon_default_ops_port(world->services[i]) == port)
            return error_set(error, ERROR_BUG, "service %s: its port %d is %s's",
                             world->services[at]->name, (int)port, world->services[i]->name);
    return true;
}

static bool service_ports_check(const struct service_world *world, struct error *error)
{
    for (size_t i = 0; world->services[i] != NULL; i++) {
        int64_t ops_port = daemon_default_ops_port(world->services[i]);
        if (!port_is_free(world, i, service_default_port(world->services[i]), error) ||
            (ops_port != 0 && !port_is_free(world, i, ops_port, error)))
            return false;
    }
    return true;
}

static const struct service_description *
service_first(const struct service_world *world,
              bool (*fits)(const struct service_description *service, const char *text),
              const char *text)
{
    for (size_t i = 0; world->services[i] != NULL; i++)
        if (fits(world->services[i], text))
            return world->services[i];
    return NULL;
}

static bool has_name(const struct service_description *service, const char *name)
{
    return strcmp(service->name, name) == 0;
}

static bool has_queue(const struct service_description *service, const char *queue)
{
    return service->queue != NULL && strcmp(service->queue, queue) == 0;
}

static bool is_event(const struct service_world *world, const char *type)
{
    for (size_t i = 0; i < world->event_count; i++)
        if (strcmp(world->events[i]->type, type) == 0)
            return true;
    return false;
}

/* To this queue; NULL: to any. */
static bool is_bound(const struct service_world *world, const char *queue, const char *type)
{
    for (size_t i = 0; i < world->binding_count; i++)
        if ((queue == NULL || strcmp(world->bindings[i].queue, queue) == 0) &&
            strcmp(world->bindings[i].routing_key, type) == 0)
            return true;
    return false;
}

/* An owner that is there, and somebody who listens. */
static bool service_events_check(const struct service_world *world, struct error *error)
{
    for (size_t i = 0; i < world->event_count; i++) {
        const struct event *event = world->events[i];
        if (service_first(world, has_name, event->owner) == NULL)
            return error_set(error, ERROR_BUG, "event %s: its owner %s is no service", event->type,
                             event->owner);
        if (!is_bound(world, NULL, event->type))
            return error_set(error, ERROR_BUG, "event %s: nobody listens to it", event->type);
    }
    return true;
}

/* Each leads to a service that takes what comes by it. */
static bool service_bindings_check(const struct service_world *world, struct error *error)
{
    for (size_t i = 0; i < world->binding_count; i++) {
        const struct topology_binding *binding = &world->bindings[i];
        const struct service_description *service = service_first(world, has_queue, binding->queue);
        if (service == NULL)
            return error_set(error, ERROR_BUG, "queue %s: no service consumes it", binding->queue);
        if (!is_event(world, binding->routing_key))
            return error_set(error, ERROR_BUG, "service %s: its queue gets %s, which is no event",
                             service->name, binding->routing_key);
        const struct participant participant = service->participant(NULL);
        if (content_form_find(participant.contents, binding->routing_key) == NULL)
            return error_set(error, ERROR_BUG,
                             "service %s: its queue gets %s, which its contents do not have",
                             service->name, binding->routing_key);
    }
    return true;
}

static bool content_check(const struct service_world *world,
                          const struct service_description *service,
                          const struct transition_table *table, const struct content_form *form,
                          struct error *error)
{
    if (is_event(world, form->type_name) && !is_bound(world, service->queue, form->type_name))
        return error_set(error, ERROR_BUG,
                         "service %s: its contents have %s, which its queue does not get",
                         service->name, form->type_name);
    if (table == NULL)
        return true;
    if (form->type < 0 || form->type >= table->input_count)
        return error_set(error, ERROR_BUG, "service %s: its contents' %s is no input of its table",
                         service->name, form->type_name);
    if (strcmp(table->inputs[form->type], form->type_name) != 0)
        return error_set(error, ERROR_BUG, "service %s: its contents' %s is its table's %s",
                         service->name, form->type_name, table->inputs[form->type]);
    return true;
}

/* What it takes of what comes, and the deadline of a state that waits. */
static bool service_participant_check(const struct service_world *world,
                                      const struct service_description *service,
                                      const struct participant *participant, struct error *error)
{
    const struct transition_table *table = participant->table;
    for (const struct content_form *form = participant->contents;
         form != NULL && form->type_name != NULL; form++)
        if (!content_check(world, service, table, form, error))
            return false;
    for (int state = 0; table != NULL && state < table->state_count; state++)
        if (table->states[state].waits && participant->due_at_ms_offset == 0)
            return error_set(error, ERROR_BUG,
                             "service %s: %s waits, and its participant has no due_at_ms_offset",
                             service->name, table->states[state].name);
    return true;
}

static bool service_participants_check(const struct service_world *world, struct error *error)
{
    for (size_t i = 0; world->services[i] != NULL; i++)
        if (world->services[i]->participant != NULL) {
            const struct participant participant = world->services[i]->participant(NULL);
            if (!service_participant_check(world, world->services[i], &participant, error))
                return false;
        }
    return true;
}

static bool service_laws_check(const struct service_world *world, struct error *error)
{
    return service_names_check(world, error) && service_ports_check(world, error) &&
           service_events_check(world, error) && service_bindings_check(world, error) &&
           service_participants_check(world, error);
}
