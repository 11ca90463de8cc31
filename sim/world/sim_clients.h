/* sim_clients.h - who sends requests, and hears what became of them. */
#pragma once

#include "sim/world/sim.h"

struct request_port sim_request_port(struct sim_worker *worker);
/* The input that a service's HTTP shell makes of it. */
void sim_op_input(const struct sim *sim, const struct sim_op *op, struct input *ret_input);
bool sim_clients_send(struct sim *sim); /* one open operation; false: nothing was sent */
void sim_request_send(struct sim_worker *worker, struct sim_op *op);
int64_t sim_clients_next_ms(const struct sim *sim); /* of an operation that waits; 0 = none */
void sim_clients_lose(struct sim_worker *worker);   /* its requests will not be answered */
struct sim_payment *sim_payment_find(struct sim *sim, const char *id);
