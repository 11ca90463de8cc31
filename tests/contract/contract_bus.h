/* contract_bus.h - the bus's contract: the same tests over RabbitMQ (run_amqp_bus) and over the bus
 * of common/memory (BUS=memory), so that what is tested on the latter would go the same way on the
 * former. What only a real broker can do (stall, block, die, refuse a password) is in
 * test_amqp_*.c. */
#pragma once

#include "tests/contract/bus_rig.h"

/* What a test may do to a broker and its consumers, and see of it. Queues are named as RabbitMQ
 * names them, with those for dead letters and for later beside each. */
struct bus_backend {
    const char *name;
    int64_t later_ms;                     /* what is left to a newer release comes back after */
    void (*reset)(void);                  /* no queue, nothing in any */
    struct rig (*open)(int64_t prefetch); /* a consumer of RIG_QUEUE; not connected yet */
    void (*close)(struct rig *rig);       /* as if its process had ended */
    void (*pass)(void);                   /* a moment of time, where it does not pass by itself */
    uint32_t (*ready)(const char *queue);
    bool (*get)(const char *queue, struct letter *ret_letter); /* the first; and acks it */
    void (*unbind)(const char *queue, const char *key);
    void (*delete_queue)(const char *queue);
    void (*limit)(const char *queue, bool is_full); /* few messages are too many */
    void (*close_connections)(void);
};

extern const struct bus_backend bus_amqp, bus_memory;

const struct bus_backend *contract_bus(void); /* the one that is tested */
int contract_bus_reset(void **state);         /* a setup */
struct rig contract_bus_open(void);           /* connected, with room for every test's messages */
void contract_bus_close(struct rig *rig);
void contract_bus_wait_ready(struct rig *rig, const char *queue, uint32_t count);

#define PART(name)                                                                                 \
    extern const struct CMUnitTest name[];                                                         \
    extern const size_t name##_count
PART(bus_deliveries); /* taking, giving back, putting aside */
PART(bus_publishing);
PART(bus_later);
#undef PART
