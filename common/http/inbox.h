/* inbox.h - the bounded queue between HTTP threads and the engine's thread: the only crossing.
 * inbox_submit blocks its (HTTP) thread until the engine has answered; the engine answers every
 * request in the step that took it, so the wait is bounded by a step. */
#pragma once

#include "common/engine/request_port.h"

#include <stdbool.h>
#include <stddef.h>

struct inbox;
struct inbox *inbox_new(size_t requests_max);
struct inbox *inbox_free(struct inbox *inbox);

/* False: full or closed, answer 503 with Retry-After. True: request->reply is set. Any thread. */
bool inbox_submit(struct inbox *inbox, struct request *request);
void inbox_close(struct inbox *inbox); /* later submits are refused; queued ones are still taken */

struct request_port inbox_port(struct inbox *inbox); /* for the engine's thread */

/* An eventfd that is readable while requests wait (or inbox_wake was called): the daemon's loop
 * polls it. */
int inbox_event_fd(const struct inbox *inbox);
void inbox_wake(struct inbox *inbox); /* any thread: effect results are there, or a stop is wanted.
                                         Async-signal-safe */
void inbox_clear_event(struct inbox *inbox);
