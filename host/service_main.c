/* service_main.c - what the mains of all services do in the same order. */
#include "host/service_main.h"

#include "common/base/arena.h"
#include "common/base/clock.h"
#include "common/base/exit_status.h"
#include "common/base/uuid.h"
#include "common/store/store.h"
#include "events/topology.h"

#include <assert.h>
#include <stdio.h>

static struct tracing_observer *observer_make(const struct service *service,
                                              const struct daemon_options *options,
                                              const struct participant *participant,
                                              struct tracing *tracing)
{
    const struct tracing_setup setup = {
        .tracing = tracing,
        .service = service->description->name,
        .queue = service->description->queue,
        .collection = participant->collection,
        .store_system = store_system(options->store_url),
        .store_namespace = service->description->name,
        .broker_url = options->amqp_url,
        .tell = service->tell,
        .http_port = (int)options->http_port,
        .root = service->root,
    };
    return tracing_observer_new(&setup);
}

static int service_run(const struct service *service, const void *options, void *rules,
                       struct tracing *tracing)
{
    const struct service_description *description = service->description;
    const struct daemon_options *common = options;
    description->rules(options, rules);
    const struct participant participant = description->participant(rules);
    struct tracing_observer *observer = observer_make(service, common, &participant, tracing);
    struct daemon_service daemon = {
        .name = description->name,
        .participant = &participant,
        .queue = description->queue,
        .bindings = event_bindings,
        .binding_count = event_binding_count,
        .tracing = tracing_for_daemon(observer),
    };
    struct error error = { 0 };
    int status = EXIT_USAGE;
    if (service->open != NULL && !service->open(options, &participant, observer, &daemon, &error)) {
        (void)fprintf(stderr, "%s\n", error.message);
    } else {
        status = daemon_run(&daemon, common);
        if (service->close != NULL)
            service->close();
    }
    tracing_observer_free(observer);
    return status;
}

int service_main(int argc, char **argv, const struct service *service)
{
    const struct service_description *description = service->description;
    assert(description->queue != NULL && description->participant != NULL);
    CLEANUP(arena_done) struct arena arena = { NULL, NULL };
    void *options = arena_alloc(&arena, description->options_size);
    int status = EXIT_OK;
    if (!daemon_arguments(argc, argv, description, options, &status))
        return status;
    char instance_id[UUID_TEXT_SIZE];
    uuid_v7_generate(clock_wall_ms(), instance_id);
    struct tracing *tracing = tracing_start(description->name, instance_id);
    status = service_run(service, options, arena_alloc(&arena, description->rules_size), tracing);
    tracing_stop(tracing);
    return status;
}
