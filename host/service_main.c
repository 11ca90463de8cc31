/* service_main.c - what the mains of all services do in the same order. */
#include "host/service_main.h"

#include "common/base/clock.h"
#include "common/base/exit_status.h"
#include "common/base/uuid.h"
#include "common/store/store.h"
#include "wire/events.h"

#include <assert.h>

#define PROGRAM_SIZE 64

static struct tracing_observer *observer_make(const struct service *service,
                                              const struct daemon_options *options,
                                              const struct participant *participant,
                                              struct tracing *tracing)
{
    const struct tracing_setup setup = {
        .tracing = tracing,
        .service = service->name,
        .queue = service->queue,
        .collection = participant->collection,
        .store_system = store_system(options->store_url),
        .store_namespace = service->name,
        .broker_url = options->amqp_url,
        .tell = service->tell,
        .http_port = (int)options->http_port,
        .root = service->root,
    };
    return tracing_observer_new(&setup);
}

static int service_run(const struct service *service, const void *options, struct tracing *tracing)
{
    const struct daemon_options *common = options;
    const struct participant participant = service->participant(options);
    struct tracing_observer *observer = observer_make(service, common, &participant, tracing);
    struct daemon_service daemon = {
        .name = service->name,
        .participant = &participant,
        .queue = service->queue,
        .bindings = wire_bindings,
        .binding_count = wire_binding_count,
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

int service_main(int argc, char **argv, const struct service *service, void *options)
{
    char name[PROGRAM_SIZE];
    int length = snprintf(name, sizeof name, "roundtrip-%s", service->name);
    assert(length > 0 && (size_t)length < sizeof name);
    const struct config_option *const tables[] = { daemon_config, service->config, NULL };
    const struct daemon_program program = { name, tables,
                                            service->check != NULL ? service->check
                                                                   : daemon_options_check };
    int status = 0;
    if (!daemon_arguments(argc, argv, &program, options, &status))
        return status;
    char instance_id[UUID_TEXT_SIZE];
    uuid_v7_generate(clock_wall_ms(), instance_id);
    struct tracing *tracing = tracing_start(service->name, instance_id);
    status = service_run(service, options, tracing);
    tracing_stop(tracing);
    return status;
}
