/* replay_decide.h - decides a document's history once more, with the rules linked in here, and
 * compares each step with what was stored. Pure; one thread.
 *
 * Compared, byte by byte: of each decision the state before and after, the verdict, whether a
 * deadline is left, and by its fingerprint what it sent (message ids, types, times, bodies, the
 * kind of call to the provider); of the document every field of the state, and every message that
 * it still owes. Then once more without the decisions that changed nothing (duplicates, refusals):
 * all others must come to the same. Not compared: how long a deadline waits, and after how many
 * attempts an alert is raised. Both are configuration, and are taken over from what is stored; so
 * is what a payment holds of its refunds where an older release, which kept only one id, stored it.
 */
#pragma once

#include "booking/booking.h"
#include "common/saga/document.h"
#include "common/saga/service.h"
#include "gateway/gateway.h"
#include "payment/payment.h"

#define REPLAY_FIELD_SIZE 96
#define REPLAY_TEXT_SIZE  192

enum replay_result {
    REPLAY_EQUAL,
    REPLAY_DIFFERS,
    REPLAY_IMPOSSIBLE, /* something that it takes was never stored, or is not there any more */
};

struct replay_finding {
    enum replay_result result;
    size_t decisions;                /* decided again */
    int64_t dropped;                 /* of the document: beyond the bound of its history */
    size_t decision;                 /* the first that differs, from 1; 0 = the document */
    char field[REPLAY_FIELD_SIZE];   /* DIFFERS: "verdict", "sent", "state.payments.0.amount" */
    char stored[REPLAY_TEXT_SIZE];   /* DIFFERS */
    char replayed[REPLAY_TEXT_SIZE]; /* DIFFERS */
    char why[ERROR_MESSAGE_BYTES];   /* IMPOSSIBLE */
};

struct replayer; /* large: the decision and a state */

struct replayer *replayer_new(void);
struct replayer *replayer_free(struct replayer *replayer); /* returns NULL */

/* The record as it was stored; the arena is for its decoding. */
void replay_record(struct replayer *replayer, const struct service_description *service,
                   const struct record *record, struct arena *arena,
                   struct replay_finding *ret_finding);

const char *replay_result_text(enum replay_result result); /* "equal" */
