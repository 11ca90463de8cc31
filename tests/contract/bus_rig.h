/* bus_rig.h - a bus under test, whatever broker is behind it: driven until a condition holds. Every
 * wait has a deadline on the bus's own clock and ends the test when it passes. */
#pragma once

#include "common/saga/bus_port.h"
#include "common/saga/topology.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RIG_QUEUE      "orders-events"
#define RIG_DEAD       RIG_QUEUE ".dead"
#define RIG_LATER      RIG_QUEUE ".later"
#define RIG_OTHER      "stock-events"
#define RIG_KEY        "order.placed"
#define RIG_LONELY_KEY "order.lonely" /* bound to the other queue only */
#define RIG_WAIT_MS    30000

extern const struct topology_binding rig_bindings[];
extern const size_t rig_binding_count;

struct rig {
    void *bus;
    struct bus_port port;
    struct bus_status status;
    int64_t (*now_ms)(void);
    void (*wait)(struct rig *rig); /* for input, a moment */
};

/* A message as it lies in a queue. */
struct letter {
    char reason[256], routing_key[256], service[64], traceparent[64], id[128], type[128], body[128];
    size_t body_length;
    int64_t delivery_count, later_since_ms;
    bool has_death; /* a mark of the broker that it died before */
};

void rig_service(struct rig *rig); /* once, then waits a moment for input */
void rig_wait_connected(struct rig *rig);
/* Until what is said of the state has this in it; no session begins meanwhile. */
void rig_wait_refused(struct rig *rig, const char *why);
void rig_wait_session_after(struct rig *rig, uint64_t session);
/* Takes until there are `count` deliveries. */
void rig_take(struct rig *rig, size_t count, struct delivery **ret_deliveries);
void rig_ack_all(struct rig *rig, struct delivery **deliveries, size_t count);
void rig_wait_drained(struct rig *rig);

/* An order of that number, with this key. The body is static and small. */
struct message rig_message(int number, const char *key);
/* Publishes messages `first` and up; all must be confirmed. */
void rig_publish(struct rig *rig, int first, size_t count);
/* Hands them over and waits. */
void rig_publish_list(struct rig *rig, const struct message *const *list, size_t count,
                      enum publish_result *ret_results);
