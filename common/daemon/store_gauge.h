/* store_gauge.h - does the store take writes? For /readyz, which must not say yes on the strength
 * of a read: a full disk, a lock that somebody holds and a lost majority leave reads as they were.
 *
 * A port around the store's, for the engine, notes what becomes of its writes and sweeps; while the
 * engine writes nothing, a thread of the gauge's own makes the store's pulse beat. Any thread. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"
#include "common/saga/store_port.h"

#include <stdbool.h>

#define STORE_PULSE_EVERY_MS  1000
#define STORE_WRITE_AGE_MS    3500 /* an acknowledged write is so recent, or the store is away */
#define STORE_REFUSAL_HOLD_MS 5000 /* a refused save counts so long, whatever the pulse says */

struct store_gauge;
/* Borrows nothing but what `store` points to. */
MUST_CHECK struct store_gauge *store_gauge_start(const struct store_port *store,
                                                 struct error *error);
/* Waits for a pulse on its way, which is bounded; returns NULL. */
struct store_gauge *store_gauge_stop(struct store_gauge *gauge);

/* The same store; one thread writes by it. */
struct store_port store_gauge_port(struct store_gauge *gauge);

/* False: ret_why says what is wrong. */
bool store_gauge_passes(struct store_gauge *gauge, char ret_why[ERROR_MESSAGE_BYTES]);
