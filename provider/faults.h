/* faults.h - the provider's faults on request: parsing, arming, drawing. Pure; one caller at a time
 * (the shell holds a lock). Chance comes from a seeded generator, so that a run can be repeated.
 *
 * A list is `[target.]fault[:argument][@rate]`, separated by commas: "timeout-after",
 * "refund.5xx@0.1, webhook.duplicate:3, charge.delay:200". Without a target a fault of calls
 * applies to charges and refunds alike (in a header: to the call it came with); to questions about
 * a refund only where they are named. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"
#include "common/base/ident.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAULTS_CONFIGURED_MAX 16
#define FAULTS_ARMED_MAX      64
#define FAULT_COUNT_MAX       1000000
#define FAULT_DELAY_MS_MAX    60000
#define FAULT_LATE_MS_MAX     3600000
#define FAULT_DUPLICATES_MAX  1000
#define FAULT_SILENCE_MS      10000 /* how long a timeout keeps its caller waiting */

#define FAULT_STATUS_MIN 400
#define FAULT_STATUS_MAX 599

enum fault_target {
    FAULT_TARGET_REFUND,
    FAULT_TARGET_CHARGE,
    FAULT_TARGET_LOOKUP, /* of a refund by its key */
    FAULT_TARGET_WEBHOOK,
    FAULT_TARGET_COUNT
};

enum fault_kind {
    FAULT_NONE,
    FAULT_REFUSE,         /* 402 "refused", for ever; nothing happens */
    FAULT_DELAY,          /* :MS, then as always */
    FAULT_TIMEOUT_AFTER,  /* [:MS] does it, then says nothing and closes */
    FAULT_TIMEOUT_BEFORE, /* [:MS] does nothing, says nothing and closes */
    FAULT_5XX,            /* 500, nothing happens */
    FAULT_5XX_AFTER,      /* does it, then answers 500 all the same */
    FAULT_429,            /* with Retry-After: 1, nothing happens */
    FAULT_HTTP,           /* :STATUS with a code that says nothing; nothing happens */
    FAULT_HTML,           /* :STATUS and a page, as of a proxy; nothing happens */
    FAULT_DUPLICATE,      /* :N the webhook is sent N times, however it is answered */
    FAULT_OUT_OF_ORDER,   /* the webhook waits until a later one was acknowledged */
    FAULT_LATE,           /* :MS before the webhook's first attempt */
    FAULT_FORGED,         /* first with a wrong signature, then with the right one */
    FAULT_DROP,           /* the webhook is never sent */
};

struct fault {
    bool on_target[FAULT_TARGET_COUNT];
    enum fault_kind kind;
    int64_t argument;
    double rate; /* 0 .. 1 */
};

struct faults_armed {
    struct fault fault;
    int64_t left;
    char payment_id[IDENT_SIZE]; /* "" = any */
};

struct faults {
    struct fault configured[FAULTS_CONFIGURED_MAX];
    size_t configured_count;
    struct faults_armed armed[FAULTS_ARMED_MAX];
    size_t armed_count;
    uint64_t random; /* splitmix64's state */
};

/* What will happen to one webhook; the faults of webhooks add up. */
struct webhook_faults {
    int64_t copies; /* 1 = as always */
    int64_t late_ms;
    bool is_held, is_forged, is_dropped;
};

/* Configuration and header have the same syntax. text may be "". */
MUST_CHECK bool faults_init(struct faults *faults, const char *text, uint64_t seed,
                            struct error *error);

/* Parses at most max faults; *ret_count of them. The whole text or nothing. */
MUST_CHECK bool fault_list_parse(const char *text, struct fault *ret_faults, size_t max,
                                 size_t *ret_count, struct error *error);

/* The next `count` calls (or webhooks) that match get this fault. `text` is one fault without
 * target and rate. payment_id "" = any. */
MUST_CHECK bool faults_arm(struct faults *faults, enum fault_target target, const char *text,
                           int64_t count, const char *payment_id, struct error *error);
void faults_clear(struct faults *faults); /* the armed ones; configured ones stay */

/* What happens to this call: the header's fault first, then the oldest armed one that matches,
 * then the configured ones in their order. header_text NULL or "" = none. kind FAULT_NONE =
 * nothing. False only when the header is malformed. */
MUST_CHECK bool faults_draw_call(struct faults *faults, enum fault_target target,
                                 const char *payment_id, const char *header_text,
                                 struct fault *ret_fault, struct error *error);
/* The same for the webhook that a call causes. */
MUST_CHECK bool faults_draw_webhook(struct faults *faults, const char *payment_id,
                                    const char *header_text, struct webhook_faults *ret_faults,
                                    struct error *error);

bool fault_target_parse(const char *text, enum fault_target *ret_target);
const char *fault_target_text(enum fault_target target);
const char *fault_kind_text(enum fault_kind kind);
