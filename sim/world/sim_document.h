/* sim_document.h - what may be read from outside in what a simulated store holds. */
#pragma once

#include "sim/world/sim.h"

const struct memory_document *sim_document_find(const struct sim *sim, enum sim_service service,
                                                const char *id);
/* The participant's state of a stored document; false: `failure` is set. */
bool sim_document_state(struct sim *sim, enum sim_service service,
                        const struct memory_document *document, void *ret_state);
/* Whether the document's history tells of this input, or is too full to tell. */
bool sim_document_remembers(const struct memory_document *document, const char *input_id);
bool sim_document_owed(const uint8_t *body, size_t length,
                       bool (*each)(void *self, const char *message_id), void *self);
/* Is this message among them? A damaged document counts as owing it. */
bool sim_document_owes(const uint8_t *body, size_t length, const char *message_id);
