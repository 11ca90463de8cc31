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
#include "booking/root.h"
#include "booking/roots_again.h"
#include "booking/service.h"
#include "host/service_main.h"

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
    roots_again = booking_roots_again_start(&again);
}

static void detach(void *self)
{
    (void)self;
    roots_again = booking_roots_again_stop(roots_again);
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
        .description = &booking_service,
        .tell = booking_tell,
        .root = booking_root,
        .open = booking_open,
    };
    return service_main(argc, argv, &service);
}
