/* amqp_rig.h - a bus under test on a private broker, and a second hand on that broker.
 *
 * The runner (run_amqp_bus) starts the broker and says where it is: AMQP_URL, and BROKER_SCRIPT
 * and BROKER_DIR to kill it, start it and give it commands. Every wait has a deadline and ends
 * the test when it passes. */
#pragma once

#include "common/rabbitmq/amqp_bus.h"

#include <amqp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RIG_QUEUE      "orders-events"
#define RIG_DEAD       RIG_QUEUE ".dead"
#define RIG_LATER      RIG_QUEUE ".later"
#define RIG_OTHER      "stock-events"
#define RIG_KEY        "order.placed"
#define RIG_LONELY_KEY "order.lonely" /* bound to the other queue only */
#define RIG_WAIT_MS    30000

struct rig {
    struct amqp_bus *bus;
    struct bus_port port;
    struct bus_status status;
};

/* What most tests want; change members, then open. */
struct amqp_bus_options rig_options(void);
struct rig rig_open(const struct amqp_bus_options *options); /* does not connect yet */
struct rig rig_open_connected(void);                         /* rig_options; consumes, publishes */
void rig_close(struct rig *rig);

void rig_service(struct rig *rig); /* once, then waits for input for up to 10 ms */
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

/* The second hand: its own connection for each call. */
struct letter {
    char reason[256], routing_key[256], service[64], traceparent[64], id[128], type[128], body[128];
    size_t body_length;
    int64_t delivery_count, later_since_ms;
    bool has_death; /* a mark of the broker that it died before */
};
void broker_run(const char *verb, const char *const *arguments); /* of BROKER_SCRIPT */
void broker_kill_soon(void);    /* kills it without waiting, as it works */
void broker_signal(int signal); /* SIGSTOP, SIGCONT to its process */
void broker_delete_exchange(const char *exchange);
void broker_reset(void); /* deletes the rig's queues; the exchange stays */
void broker_unbind(const char *queue, const char *key);
void broker_delete_queue(const char *queue);
void broker_declare_plain_queue(const char *queue); /* quorum, no other argument */
void broker_publish(const char *exchange, const char *key,
                    const amqp_basic_properties_t *properties, amqp_bytes_t body);
uint32_t broker_ready(const char *queue); /* messages ready */
void broker_wait_ready(const char *queue, uint32_t count);
bool broker_get(const char *queue, struct letter *ret_letter); /* and acks it */
