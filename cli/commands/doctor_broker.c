/* doctor_broker.c - the broker against the table that all services share: exchange, queues, who
 * consumes them, what has died. */
#include "cli/commands/doctor.h"
#include "cli/sources/amqp_tap.h"
#include "common/rabbitmq/topology_names.h"
#include "services/registry.h"

#include <inttypes.h>
#include <string.h>

#define BACKLOG_MAX 1000 /* ready messages; more means that a consumer is behind or gone */

static void queue_missing(struct doctor *doctor, const char *queue, const struct error *error)
{
    doctor_report(doctor, FINDING_FAIL, queue, error->message,
                  "restart any service with ROUNDTRIP_TOPOLOGY=declare (the default), which "
                  "declares all of it");
}

static void queue_check(struct doctor *doctor, struct tap *tap,
                        const struct service_description *service)
{
    struct queue_depth depth;
    struct error error;
    char mend[DOCTOR_MEND_SIZE];
    if (!tap_queue_check(tap, service->queue, &depth, &error)) {
        queue_missing(doctor, service->queue, &error);
        return;
    }
    doctor_mend_service(doctor, service->name, mend);
    if (depth.consumers == 0)
        doctor_reportf(doctor, FINDING_FAIL, service->queue, mend,
                       "%" PRId64 " messages wait and nobody consumes them", depth.messages);
    else if (depth.messages > BACKLOG_MAX)
        doctor_reportf(doctor, FINDING_FAIL, service->queue,
                       "look at the service's log and /metrics; more of the same service may run",
                       "%" PRId64 " messages wait: %s is behind", depth.messages, service->name);
    else
        /* A process has two subscriptions, or one while it takes what came back before. */
        doctor_reportf(doctor, FINDING_OK, service->queue, NULL,
                       "%" PRId64 " waiting, consumed by %" PRId64 " process%s", depth.messages,
                       (depth.consumers + 1) / 2, depth.consumers <= 2 ? "" : "es");
}

static void dead_check(struct doctor *doctor, struct tap *tap, const char *queue)
{
    char dead[TOPOLOGY_NAME_SIZE];
    struct queue_depth depth;
    struct error error;
    snprintf(dead, sizeof dead, "%s" TOPOLOGY_DEAD_SUFFIX, queue);
    if (!tap_queue_check(tap, dead, &depth, &error))
        queue_missing(doctor, dead, &error);
    else if (depth.messages > 0)
        doctor_reportf(doctor, FINDING_FAIL, dead,
                       "roundtrip dead list, then roundtrip dead replay",
                       "%" PRId64 " dead letter%s", depth.messages, depth.messages == 1 ? "" : "s");
    else
        doctor_report(doctor, FINDING_OK, dead, "empty", NULL);
}

/* What waits there is no fault as long as a newer release is on its way. */
static void later_check(struct doctor *doctor, struct tap *tap, const char *queue)
{
    char later[TOPOLOGY_NAME_SIZE];
    struct queue_depth depth;
    struct error error;
    snprintf(later, sizeof later, "%s" TOPOLOGY_LATER_SUFFIX, queue);
    if (!tap_queue_check(tap, later, &depth, &error))
        queue_missing(doctor, later, &error);
    else if (depth.messages > 0)
        doctor_reportf(doctor, FINDING_FAIL, later,
                       "finish the roll-out: start the newer release; after a day without it they "
                       "are dead letters",
                       "%" PRId64 " message%s of a newer release wait%s for it", depth.messages,
                       depth.messages == 1 ? "" : "s", depth.messages == 1 ? "s" : "");
    else
        doctor_report(doctor, FINDING_OK, later, "empty", NULL);
}

void doctor_broker(struct doctor *doctor)
{
    struct error error;
    struct tap *tap = tap_open(doctor->cli->settings.amqp_url, &error);
    if (tap == NULL) {
        doctor_report(
            doctor, FINDING_FAIL, "broker", error.message,
            error.code == ERROR_REJECT
                ? "set ROUNDTRIP_AMQP_URL to amqp://user:password@host:port/vhost"
                : "./run starts one; in the folder of a running system: system/servers/rabbitmq "
                  "start DIR/rabbitmq");
        return;
    }
    doctor_report(doctor, FINDING_OK, "broker", "answers", NULL);
    if (tap_exchange_check(tap, TOPOLOGY_EXCHANGE, &error))
        doctor_report(doctor, FINDING_OK, "exchange " TOPOLOGY_EXCHANGE, "is there", NULL);
    else
        queue_missing(doctor, "exchange " TOPOLOGY_EXCHANGE, &error);
    for (size_t i = 0; services[i] != NULL; i++)
        if (services[i]->queue != NULL)
            queue_check(doctor, tap, services[i]);
    for (size_t i = 0; services[i] != NULL; i++)
        if (services[i]->queue != NULL)
            dead_check(doctor, tap, services[i]->queue);
    for (size_t i = 0; services[i] != NULL; i++)
        if (services[i]->queue != NULL)
            later_check(doctor, tap, services[i]->queue);
    doctor_bindings(doctor);
    tap_close(tap);
}
