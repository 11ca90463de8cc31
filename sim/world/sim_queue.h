/* sim_queue.h - the queues of common/memory, what comes into them and goes wrong there, and what is
 * known of every message id. */
#pragma once

#include "sim/world/sim.h"

void sim_queue_delete(struct sim *sim, enum sim_service service);
void sim_queue_purge(struct sim *sim, enum sim_service service);
/* PUBLISH_RETURNED: no queue is there; PUBLISH_NACKED: one is full, others may have taken it. */
enum publish_result sim_route(struct sim *sim, const struct message *message);
/* Into one queue, whatever the routing; NULL: it is full. */
struct sim_message *sim_queue_put(struct sim *sim, enum sim_service service,
                                  const struct message *message);
void sim_message_keep(struct sim_kept *kept, size_t *count, enum sim_service service,
                      const struct sim_message *message);
const struct sim_message *sim_message_of(const struct memory_entry *entry);
void sim_session_end(struct sim_worker *worker, int64_t reconnect_after_ms);
struct sim_mark *sim_mark(struct sim *sim, const char *message_id);
size_t sim_queue_waiting(const struct sim *sim, enum sim_service service);
