/* window.h - how many deliveries may be in hand, so that a poison message goes alone.
 *
 * The broker counts how often a message came back. When a process dies, every message of its
 * window is counted, so one that kills the process takes its neighbours towards the delivery
 * limit. Therefore a channel has a narrow subscription, of one delivery at a time, and beside it a
 * wide one only while nothing counted is about. It opens once an uncounted delivery of the narrow
 * time was settled, or the queue was seen empty; a counted delivery ends it. What it delivered
 * stays valid, and does not open it again: only a probe does, a delivery that the narrow
 * subscription gave in the narrow time.
 *
 * The narrow subscription is never cancelled: RabbitMQ returns, and so counts, what is on its way
 * to a cancelled one, which would make us narrow again and again. Pure; one thread. */
#pragma once

#include "common/saga/bus_port.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The narrow one, a wide window of before and one of after a narrow time can be in hand together.
 */
#define WINDOW_DELIVERIES_MAX (2 * BUS_PREFETCH_MAX + 1)

struct window {
    int64_t prefetch; /* of both subscriptions together; 1 .. BUS_PREFETCH_MAX */
    bool is_wide;
    bool may_widen; /* an uncounted delivery of this narrow time was settled */
    size_t in_hand; /* delivered, not settled */
    size_t counted; /* those of them that came back before */
};

void window_init(struct window *window, int64_t prefetch);

/* A new channel: nothing in hand, narrow. */
void window_open(struct window *window);

void window_deliver(struct window *window, bool is_counted);

/* A delivery was acked or rejected. */
void window_settle(struct window *window, bool is_counted, bool is_probe);

/* The queue has no ready message. */
void window_see_empty(struct window *window);

/* The prefetch of the wide subscription; 0 = there should be none. */
int64_t window_wide_prefetch(const struct window *window);
