/* participant.h - the payment service as the engine runs it: rules, codec and names together. */
#pragma once

#include "common/saga/participant.h"
#include "payment/payment.h"

/* rules: a struct payment_rules, borrowed; it outlives the participant. */
struct participant payment_participant(const void *rules);

/* codec.c */
MUST_CHECK bool payment_parse(const void *self, const struct message *message,
                              struct input *ret_inputs, size_t *ret_count, struct error *error);
MUST_CHECK bool payment_encode(const void *state, struct bson_output *fields, struct error *error);
extern const struct content_form payment_contents[];
MUST_CHECK bool payment_decode(struct bson_fields *fields, void *state, struct error *error);
