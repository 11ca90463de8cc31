/* events.h - the events of one good saga as the services publish them, to feed queues with. The
 * bound programs send the same bytes that the system sends. */
#pragma once

#include "common/saga/message.h"

#include <stddef.h>
#include <stdint.h>

#define EVENT_BODY_SIZE 512

enum bench_event { BENCH_INTENT, BENCH_CAPTURED, BENCH_CONFIRMED };

/* Of this saga of this run: a UUID. */
void bench_event_payment_id(uint64_t run, uint64_t saga, char ret_id[IDENT_SIZE]);
/* `run` keeps the ids of two runs apart. The message's body lies in `body`. */
void bench_event_write(enum bench_event event, uint64_t run, uint64_t saga, struct message *message,
                       char body[EVENT_BODY_SIZE]);
