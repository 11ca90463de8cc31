/* service.h - a service, described once, for whoever runs it and whoever has to know all there are:
 * the registry (services/registry.h) lists the descriptions. Pure, constant, and of the process.
 *
 * A description holds what can be said without the service running. What takes I/O (routes,
 * effects, spans) is its main's, see host/service_main.h. */
#pragma once

#include "common/base/arena.h"
#include "common/base/config.h"
#include "common/saga/participant.h"

struct service_description {
    const char *name;    /* "booking": of its messages, its spans, its folder, its store's namespace
                            and, behind "roundtrip-", its program */
    const char *purpose; /* one line */
    /* What it consumes. NULL: nothing; it is a program beside the saga, without a participant. */
    const char *queue;
    /* Its options as config_read takes them. Of what consumes a queue they begin with the daemon's,
     * and the options with struct daemon_options. */
    const struct config_option *const *config;
    size_t options_size;
    /* What no option alone can tell, of its own options. NULL: nothing. */
    bool (*check)(const void *options, FILE *messages);
    size_t rules_size;
    void (*rules)(const void *options, void *ret_rules);
    /* Borrows the rules, which outlive it. NULL: of one that decides nothing, only reads. */
    struct participant (*participant)(const void *rules);
};

/* Its port and its rules, where its environment says nothing. */
int64_t service_default_port(const struct service_description *service);
const void *service_default_rules(const struct service_description *service, struct arena *arena);
