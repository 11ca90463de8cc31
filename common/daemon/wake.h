/* wake.h - ends the sleep of the engine's loop: requests are there, results of effects, or a stop
 * is wanted. An eventfd, which the loop polls beside the broker's sockets. */
#pragma once

#include <stdbool.h>

struct wake {
    int fd; /* readable since wake_up, until wake_clear; < 0: none */
};

bool wake_open(struct wake *wake); /* false: no descriptor to be had */
void wake_close(struct wake *wake);
void wake_up(const struct wake *wake); /* any thread; async-signal-safe */
void wake_clear(const struct wake *wake);
