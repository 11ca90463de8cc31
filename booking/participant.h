/* participant.h - the booking service as the engine runs it: rules, codec and names together. */
#pragma once

#include "booking/booking.h"
#include "common/saga/participant.h"

/* rules: a struct booking_rules, borrowed; it outlives the participant. */
struct participant booking_participant(const void *rules);

/* codec.c */
MUST_CHECK bool booking_parse(const void *self, const struct message *message,
                              struct input *ret_inputs, size_t *ret_count, struct error *error);
MUST_CHECK bool booking_encode(const void *state, struct bson_output *fields, struct error *error);
extern const struct content_form booking_contents[];
MUST_CHECK bool booking_decode(struct bson_fields *fields, void *state, struct error *error);
