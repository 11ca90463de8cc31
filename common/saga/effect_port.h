/* effect_port.h - calls to the outside (the payment provider), away from the engine's thread.
 * Bounded in number and time; a result comes back as an input of source INPUT_FROM_EFFECT. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct effect;
struct input;

struct effect_port {
    void *self;
    /* Copies the effect; it is started in its turn. False: no room; the document's deadline asks
     * again. */
    bool (*start)(void *self, const struct effect *effect);
    /* Results that are there: complete inputs (type, type_name, id, document_id, correlation_id,
     * payload, traceparent). */
    size_t (*take)(void *self, size_t limit, struct input *ret_results);
    /* Is an effect of this document here: not started yet, under way, or its result not taken? */
    bool (*holds)(void *self, const char *document_id);
    /* For people, from any thread; the engine asks neither. May be NULL. True: effects are held
     * back, ret_why says by what. metrics appends Prometheus lines. */
    bool (*trouble)(void *self, char *ret_why, size_t size);
    void (*metrics)(void *self, char *buffer, size_t size, size_t *length);
};
