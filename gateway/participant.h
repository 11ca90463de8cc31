/* participant.h - the gateway as the engine runs it: rules, codec and names together. */
#pragma once

#include "common/saga/participant.h"
#include "gateway/gateway.h"

/* config: a struct gateway_config, borrowed; it outlives the participant. */
struct participant gateway_participant(const void *config);

/* codec.c, parse.c */
MUST_CHECK bool gateway_parse(const void *self, const struct message *message,
                              struct input *ret_inputs, size_t *ret_count, struct error *error);
MUST_CHECK bool gateway_encode(const void *state, struct bson_output *fields, struct error *error);
extern const struct content_form gateway_contents[];
MUST_CHECK bool gateway_decode(struct bson_fields *fields, void *state, struct error *error);
