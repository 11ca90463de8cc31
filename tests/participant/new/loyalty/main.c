/* roundtrip-loyalty - credits points for bookings that nobody cancels.
 *
 * Consumes  booking.confirmed, booking.cancelled; its own loyalty.credited
 * Publishes loyalty.credited
 * Stores    one document per booking: state, points, owed messages, history */
#include "host/service_main.h"
#include "loyalty/service.h"

static void tell(const struct tracing_story *story, struct tracing_facts *ret_facts)
{
    (void)story, (void)ret_facts; /* the engine's own words are enough */
}

int main(int argc, char **argv)
{
    static const struct service service = { .description = &loyalty_service, .tell = tell };
    return service_main(argc, argv, &service);
}
