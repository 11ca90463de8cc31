/* webhooks.h - the HTTP side of the payment service: the provider's signed webhooks, into the
 * engine. */
#pragma once

#include "common/daemon/daemon.h"
#include "tracing/tracing.h"

struct webhooks {
    const char *secret;       /* "" only with is_unsigned_allowed */
    bool is_unsigned_allowed; /* from loopback, for simple local scripts */
    bool is_anyone_allowed;   /* those from elsewhere too */
    const char *currency;     /* meant where a caller leaves it out */
    bool are_declines_final;  /* each ends its booking, whether the provider says so or not */
    struct tracing_observer *observer;
    struct daemon *daemon; /* set by the daemon before the first request */
};

#define WEBHOOK_ROUTES 3
/* Fills the routes; they borrow `webhooks`. */
void payment_webhooks_routes(struct webhooks *webhooks,
                             struct http_route ret_routes[WEBHOOK_ROUTES]);
