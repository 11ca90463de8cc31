/* topology.h - which queue gets which messages, as the saga's layer says it to any broker. */
#pragma once

struct topology_binding {
    const char *queue;
    const char *routing_key; /* a message's type */
};
