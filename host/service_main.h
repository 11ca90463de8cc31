/* service_main.h - the main of every service: reads its options, starts its tracing, lets it make
 * what is its own, runs the daemon, and takes all of it down in the opposite order.
 *
 * What a service is, its description says (common/saga/service.h). Its main adds what takes I/O, as
 * a struct service, and calls service_main. What its functions keep between open and close lives as
 * long as the process: there is one service in each. All functions are called by the main thread.
 */
#pragma once

#include "common/daemon/daemon.h"
#include "tracing/tracing.h"

#include <stdbool.h>

struct service {
    const struct service_description *description;
    /* What its spans say, see struct tracing_setup; root may be NULL. */
    void (*tell)(const struct tracing_story *story, struct tracing_facts *ret_facts);
    void (*root)(const void *state, struct tracing_root *ret_root);
    /* Adds to the daemon what is its own: routes, effects, what is attached to its life. NULL:
     * nothing. On failure the error names the option that is to blame; close is not called. */
    bool (*open)(const void *options, const struct participant *participant,
                 struct tracing_observer *observer, struct daemon_service *daemon,
                 struct error *error);
    void (*close)(void); /* what open has made, once the daemon is gone; may be NULL */
};

/* The process's exit status. */
int service_main(int argc, char **argv, const struct service *service);
