/* service_main.h - the main of every service: reads its options, starts its tracing, lets it make
 * what is its own, runs the daemon, and takes all of it down in the opposite order.
 *
 * A service describes itself once, as a struct service; its main calls service_main and has
 * nothing more to say. The description, and what its functions keep between open and close, lives
 * as long as the process: there is one service in each. All functions are called by the main
 * thread. */
#pragma once

#include "common/daemon/daemon.h"
#include "tracing/tracing.h"

#include <stdbool.h>
#include <stdio.h>

struct service {
    const char *name;  /* "gateway": of its messages, its spans, its store's namespace and, behind
                          "roundtrip-", its program */
    const char *queue; /* what it consumes */
    const struct config_option *config; /* its own options, beside the daemon's */
    /* What no option alone can tell; calls daemon_options_check. NULL: that alone. */
    bool (*check)(const void *options, FILE *messages);
    /* Its rules are those of the options. */
    struct participant (*participant)(const void *options);
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

/* `options` is all zero and starts with struct daemon_options. The process's exit status. */
int service_main(int argc, char **argv, const struct service *service, void *options);
