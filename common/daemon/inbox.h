/* inbox.h - the bounded queue between HTTP threads and the engine's thread: the only crossing.
 * inbox_submit blocks its (HTTP) thread until the engine has answered. The engine answers every
 * request in the step that took it; one that it does not take in time is refused. So the wait is
 * bounded by that time and a step, and the number of threads that wait by requests_max. */
#pragma once

#include "common/daemon/wake.h"
#include "common/saga/request_port.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inbox;
/* requests_max: submitted and not answered yet. take_ms_max: so long a request waits to be taken.
 * `wake` tells the loop that some wait; borrowed. */
struct inbox *inbox_new(size_t requests_max, int64_t take_ms_max, const struct wake *wake);
/* Nobody waits in it any more. NULL is fine; returns NULL. */
struct inbox *inbox_free(struct inbox *inbox);

/* False: full, closed or not taken in time, answer 503 with Retry-After; the engine knows nothing
 * of it. True: request->reply is set. Any thread. */
bool inbox_submit(struct inbox *inbox, struct request *request);
void inbox_close(struct inbox *inbox); /* later submits are refused; queued ones are still taken */

struct request_port inbox_port(struct inbox *inbox); /* for the engine's thread */
