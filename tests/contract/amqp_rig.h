/* amqp_rig.h - RabbitMQ behind the rig: a bus on a private broker, and a second hand on it.
 *
 * The runner (run_amqp_bus) starts the broker and says where it is: AMQP_URL, and BROKER_SCRIPT
 * and BROKER_DIR to kill it, start it and give it commands. */
#pragma once

#include "common/rabbitmq/amqp_bus.h"
#include "tests/contract/bus_rig.h"

#include <amqp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What most tests want; change members, then open. */
struct amqp_bus_options rig_options(void);
struct rig rig_open(const struct amqp_bus_options *options); /* does not connect yet */
struct rig rig_open_connected(void);                         /* rig_options; consumes, publishes */
void rig_close(struct rig *rig);

/* The second hand: its own connection for each call. */
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
