/* decision.h - what a participant answers to one input. Written by decide, carried out by the
 * engine. The state itself is changed in place (see participant.h). */
#pragma once

#include "common/base/error.h"
#include "common/saga/message.h"

#include <stdbool.h>
#include <stdint.h>

#define DECISION_MESSAGES_MAX 20
#define DECISION_NOTES_MAX    4
#define OWED_POSITION_MAX     65535 /* of a message within its version */
#define DECISION_BODY_BYTES   49152 /* room for the bodies of one decision's messages */
#define EFFECT_PAYLOAD_BYTES  512

/* How a delivery counts: delivered = applied + duplicate + rejected + deferred + later +
 * quarantined.
 */
enum outcome {
    OUTCOME_APPLIED,
    OUTCOME_DUPLICATE,
    OUTCOME_REJECTED,
    OUTCOME_DEFERRED, /* acked and left to its repeat: whoever sent it announces it again */
    OUTCOME_LATER,    /* left to a newer release: it comes again */
    OUTCOME_QUARANTINED,
};

/* What an HTTP request is told. The shell turns it into a status and a body. */
enum reply {
    REPLY_NONE,
    REPLY_ACCEPTED,      /* 202, it is new */
    REPLY_REPLAYED,      /* 202, it was accepted before; the same answer */
    REPLY_OK,            /* 200 */
    REPLY_CONFLICT,      /* 409, the state forbids it */
    REPLY_UNPROCESSABLE, /* 422, the same key with other content */
    REPLY_NOT_FOUND,     /* 404 */
    REPLY_UNAVAILABLE,   /* 503, given by the engine: nothing is durable, try again */
    REPLY_INTERNAL,      /* 500, given by the engine */
};

/* A call to the outside, started after the save; its result comes back as an input. */
struct effect {
    bool is_wanted;
    int type; /* the participant's own enum */
    char document_id[IDENT_SIZE];
    char correlation_id[IDENT_SIZE];
    char traceparent[TRACEPARENT_SIZE]; /* of the input that asked for it; filled by the engine */
    _Alignas(16) unsigned char payload[EFFECT_PAYLOAD_BYTES];
};

/* Something worth seeing in the trace: a span event on the input's span and, where span_name is
 * set, a span from since_ms to now that makes a wait visible. Static texts. */
struct note {
    const char *event_name;
    const char *span_name;
    int64_t since_ms;
};

struct decision {
    /* given by the engine */
    int64_t now_ms;
    int64_t version;   /* the version that this decision will be saved as */
    int next_position; /* of the next message owed within this version */
    const char *app_id;

    /* answered by decide */
    const char *verdict; /* static text, also the span attribute `decision` */
    const char *reason;  /* static text or NULL */
    enum outcome outcome;
    bool is_changed;        /* the state differs and must be saved */
    bool is_security_event; /* logged as such */
    bool is_alert;          /* logged as an error: somebody should look */
    bool is_first_outcome;  /* the document has just reached its first terminal state: root span */
    enum reply reply;
    /* ERROR_BUG: the state that it leaves breaks an invariant, which the message names; it is set
     * aside alone, and nothing of it is kept. ERROR_NONE: it does not. */
    struct error broken;
    struct effect effect;
    struct message messages[DECISION_MESSAGES_MAX];
    int message_count;
    struct note notes[DECISION_NOTES_MAX];
    int note_count;
    char bodies[DECISION_BODY_BYTES];
    size_t bodies_length;
};

void decision_init(struct decision *decision, int64_t now_ms, int64_t version, int next_position,
                   const char *app_id);

/* Owes a message. Its id is "<app>:<document>:<version>:<position>", returned through
 * ret_position (may be NULL) for participants that will announce it again. */
struct message *decision_owe(struct decision *decision, const char *type, const char *document_id,
                             const char *correlation_id, const char *body, size_t body_length,
                             int *ret_position);

/* Owes the answer to a question that leaves the state as it is: at most one a version, whose body
 * must follow from state and now_ms alone. It takes none of the positions, since a full history no
 * longer remembers who asked, and a replay must find the other messages at theirs. */
struct message *decision_owe_reply(struct decision *decision, const char *type,
                                   const char *document_id, const char *correlation_id,
                                   const char *body, size_t body_length);

/* Owes again what was owed as `version`/`position` at at_ms: same id, same bytes, marked repeat. */
struct message *decision_owe_again(struct decision *decision, const char *type,
                                   const char *document_id, const char *correlation_id,
                                   const char *body, size_t body_length, int64_t version,
                                   int position, int64_t at_ms);

/* Of what the decision sends out: its messages byte by byte, and the kind of its effect. 0 = it
 * sends nothing. */
uint64_t decision_fingerprint(const struct decision *decision);

void decision_note(struct decision *decision, const char *event_name, const char *span_name,
                   int64_t since_ms);
