/* minder.h - the thread that minds a daemon from beside its loop: signals, what the log tells of
 * the service's health, and an end in time whatever hangs.
 *
 * SIGTERM and SIGINT end the service: in order if it can be done within MINDER_STOP_MS_MAX, else at
 * once, for what is promised is durable by then and the rest is done again after a start. A second
 * one ends it at once. SIGHUP has the service open its files again. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"

#include <stdbool.h>

#define MINDER_STOP_MS_MAX 3000 /* five seconds are promised, also where the machine is busy */

struct daemon;
struct minder;

/* In every thread, so before there are any: the minder alone takes the signals. */
void minder_block_signals(void);
MUST_CHECK struct minder *minder_start(struct daemon *daemon, struct error *error);
/* Whether there is a whole daemon to look at: said once it is open, taken back before it is closed.
 */
void minder_look(struct minder *minder, bool is_whole);
struct minder *minder_stop(struct minder *minder); /* returns NULL */
