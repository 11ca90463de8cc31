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
#include "host/service_main.h"
#include "wire/events.h"

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

static struct booking_rules rules;
static struct roots_again_setup again;
static struct roots_again *roots_again; /* while the daemon lives */

static bool bookings_list(void *self, const struct store_cursor *after, size_t limit,
                          struct arena *arena, struct record *ret_records, size_t *ret_count,
                          struct error *error)
{
    return daemon_list(self, after, limit, arena, ret_records, ret_count, error);
}

static void attach(void *self, struct daemon *daemon)
{
    (void)self;
    again.self = daemon;
    roots_again = roots_again_start(&again);
}

static void detach(void *self)
{
    (void)self;
    roots_again = roots_again_stop(roots_again);
}

static struct participant participant_of(const void *self)
{
    const struct booking_options *options = self;
    rules = (struct booking_rules){ options->payment_timeout_ms, options->intent_timeout_ms };
    return booking_participant(&rules);
}

static bool booking_open(const void *self, const struct participant *participant,
                         struct tracing_observer *observer, struct daemon_service *daemon,
                         struct error *error)
{
    const struct booking_options *options = self;
    (void)error;
    again = (struct roots_again_setup){
        .observer = observer,
        .participant = participant,
        .undecided_ms_max = options->payment_timeout_ms + options->intent_timeout_ms,
        .list = bookings_list,
    };
    daemon->attach = attach;
    daemon->detach = detach;
    return true;
}

int main(int argc, char **argv)
{
    static const struct service service = {
        .name = "booking",
        .queue = QUEUE_BOOKING,
        .config = booking_config,
        .participant = participant_of,
        .tell = booking_tell,
        .root = booking_root,
        .open = booking_open,
    };
    static struct booking_options options;
    return service_main(argc, argv, &service, &options);
}
