/* sim_provider.h - the payment provider, and the payment service's calls to it. */
#pragma once

#include "sim/world/sim.h"

/* sim_pool.c */
struct effect_port sim_effect_port(struct sim_worker *worker);
void sim_pool_open(struct sim_worker *worker);
void sim_pool_lose(struct sim_worker *worker); /* its process dies: nobody hears what was asked */
int64_t sim_pool_next_ms(const struct sim_worker *worker); /* 0 = nothing to wait for */
void sim_pool_start_calls(struct sim_worker *worker);
void sim_pool_finish(struct sim_worker *worker, struct sim_call *call);

void sim_provider_run(struct sim *sim); /* calls that are due arrive and are answered */
void sim_provider_call(struct sim *sim, struct sim_call *call); /* plans what becomes of it */
void sim_result_input(const struct effect *asked, const struct refund_result *heard,
                      struct input *ret_result);
int64_t sim_provider_next_ms(const struct sim *sim); /* 0 = nothing under way */
