/* audit_reader.c - an audit's sources as the recheck reads them, one thing at a time. */
#include "booking/service.h"
#include "cli/sources/audit_source.h"
#include "common/base/clock.h"
#include "gateway/service.h"
#include "payment/service.h"

#include <poll.h>

static bool account_load(void *self, const char *payment_id, struct audit_facts *facts)
{
    return audit_load_account(self, payment_id, facts);
}

static bool payments_load(void *self, const char *const *ids, size_t count,
                          struct audit_facts *facts)
{
    return audit_load_documents(self, &payment_service, ids, count, facts);
}

static bool bookings_load(void *self, const char *const *ids, size_t count,
                          struct audit_facts *facts)
{
    return audit_load_documents(self, &booking_service, ids, count, facts) &&
           audit_load_documents(self, &gateway_service, ids, count, facts);
}

static int64_t now_ms(void *self)
{
    (void)self;
    return clock_wall_ms();
}

static void wait(void *self, int64_t wait_ms)
{
    (void)self;
    poll(NULL, 0, (int)wait_ms);
}

struct audit_reader audit_reader(struct audit_source *source)
{
    return (struct audit_reader){ .self = source,
                                  .account = account_load,
                                  .payments = payments_load,
                                  .bookings = bookings_load,
                                  .now_ms = now_ms,
                                  .wait = wait };
}
