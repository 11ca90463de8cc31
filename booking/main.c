/* roundtrip-booking - the saga itself: reconciles intents with payments.
 *
 * Consumes  booking.intent.created, booking.cancel.requested, payment.captured, payment.declined
 * Publishes booking.confirmed, booking.failed, booking.cancelled, payment.refund.requested, and
 *           booking.pending to who asks while it waits
 * Stores    one document per booking: state, intent, payments, owed messages, history
 * A crash after take, load or decide leaves nothing behind: the broker delivers again. After the
 * save the document owes its messages: the redelivery, or the relay, publishes them. After the
 * publish they go out once more, byte-identical, with the same message ids. After the ack only the
 * owed entries are left: the relay publishes and clears them. */
#include "booking/participant.h"
#include "booking/root.h"
#include "booking/roots_again.h"
#include "common/base/clock.h"
#include "common/base/uuid.h"
#include "common/daemon/daemon.h"
#include "common/store/store.h"
#include "tracing/tracing.h"
#include "wire/events.h"

#include <string.h>

struct booking_options {
    struct daemon_options common;
    int64_t payment_timeout_ms, intent_timeout_ms;
};

#define TIMEOUT_MS_MAX INT64_C(31536000000) /* a year */

static const struct config_option booking_config[] = {
    DAEMON_PORT_OPTION(struct booking_options, "3001"),
    { .name = "ROUNDTRIP_PAYMENT_TIMEOUT_MS",
      .type = CONFIG_INT,
      .offset = offsetof(struct booking_options, payment_timeout_ms),
      .default_value = "600000",
      .minimum = 1,
      .maximum = TIMEOUT_MS_MAX,
      .meaning = "an intent waits so long for its payment, then the booking fails" },
    { .name = "ROUNDTRIP_INTENT_TIMEOUT_MS",
      .type = CONFIG_INT,
      .offset = offsetof(struct booking_options, intent_timeout_ms),
      .default_value = "600000",
      .minimum = 1,
      .maximum = TIMEOUT_MS_MAX,
      .meaning = "a payment waits so long for its intent, then it is refunded" },
    { 0 },
};

/* What the daemon's life brings and takes. */
struct attachments {
    struct roots_again_setup setup;
    struct roots_again *roots_again;
};

static bool bookings_list(void *self, const struct store_cursor *after, size_t limit,
                          struct arena *arena, struct record *ret_records, size_t *ret_count,
                          struct error *error)
{
    return daemon_list(self, after, limit, arena, ret_records, ret_count, error);
}

static void attach(void *self, struct daemon *daemon)
{
    struct attachments *attachments = self;
    attachments->setup.self = daemon;
    attachments->roots_again = roots_again_start(&attachments->setup);
}

static void detach(void *self)
{
    struct attachments *attachments = self;
    attachments->roots_again = roots_again_stop(attachments->roots_again);
}

int main(int argc, char **argv)
{
    static const struct config_option *const tables[] = { daemon_config, booking_config, NULL };
    static const struct daemon_program program = { "roundtrip-booking", tables,
                                                   daemon_options_check };
    struct booking_options options;
    int status = 0;
    memset(&options, 0, sizeof options);
    if (!daemon_arguments(argc, argv, &program, &options, &status))
        return status;

    const struct booking_rules rules = { options.payment_timeout_ms, options.intent_timeout_ms };
    const struct participant participant = booking_participant(&rules);
    char instance_id[UUID_TEXT_SIZE];
    uuid_v7_generate(clock_wall_ms(), instance_id);
    struct tracing *tracing = tracing_start("booking", instance_id);
    const struct tracing_setup setup = {
        .tracing = tracing,
        .service = "booking",
        .queue = QUEUE_BOOKING,
        .collection = participant.collection,
        .store_system = store_system(options.common.store_url),
        .store_namespace = "booking",
        .broker_url = options.common.amqp_url,
        .tell = booking_tell,
        .http_port = (int)options.common.http_port,
        .root = booking_root,
    };
    struct tracing_observer *observer = tracing_observer_new(&setup);
    struct attachments attachments = {
        .setup = { .observer = observer,
                   .participant = &participant,
                   .undecided_ms_max = options.payment_timeout_ms + options.intent_timeout_ms,
                   .list = bookings_list },
    };
    const struct daemon_service service = {
        .name = "booking",
        .participant = &participant,
        .queue = QUEUE_BOOKING,
        .bindings = wire_bindings,
        .binding_count = wire_binding_count,
        .attach_self = &attachments,
        .attach = attach,
        .detach = detach,
        .tracing = tracing_for_daemon(observer),
    };
    status = daemon_run(&service, &options.common);
    tracing_observer_free(observer);
    tracing_stop(tracing);
    return status;
}
