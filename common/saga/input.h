/* input.h - whatever wants an answer from a participant, from all four sides:
 * a delivery, an HTTP request, a deadline, the result of an effect. Plain value. */
#pragma once

#include "common/base/ident.h"
#include "common/base/trace_context.h"
#include "common/saga/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INPUT_PAYLOAD_BYTES     512 /* a participant's own payload struct; _Static_assert it there */
#define INPUTS_PER_DELIVERY_MAX 32

enum input_source {
    INPUT_FROM_DELIVERY,
    INPUT_FROM_REQUEST,
    INPUT_FROM_DEADLINE,
    INPUT_FROM_EFFECT
};

struct input {
    enum input_source source;
    int type;                        /* the participant's own enum; type_name below is its text */
    const char *type_name;           /* static text: "payment.captured", "deadline" */
    char id[MESSAGE_ID_SIZE];        /* message id, request id: history, traces, support */
    char document_id[IDENT_SIZE];    /* the one document that it concerns */
    char correlation_id[IDENT_SIZE]; /* the booking; "" only where none is known */
    int64_t sent_at_ms;   /* when its message was first owed, by the sender's clock; 0 = unknown */
    uint64_t fingerprint; /* of the message body; 0 = none; see document_contradicts */
    bool is_repeat;
    bool is_first; /* most likely: its document is not looked for in the store before it is saved */
    char traceparent[TRACEPARENT_SIZE]; /* the context it came with, unchecked; "" = none */
    char tracestate[TRACESTATE_SIZE];
    uint8_t span_id[8]; /* the span of this input, given by the observer; zero = none */
    _Alignas(16) unsigned char payload[INPUT_PAYLOAD_BYTES];
};

/* The payload of a deadline, by the engine. */
struct deadline_payload {
    bool is_effect_held; /* what the document has asked for is still in the effect_port */
};
