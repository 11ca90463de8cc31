/* signature.h - Roundtrip-Signature, the provider's proof that a webhook is its own:
 * `t=<unix seconds>,v1=<hex>[,v1=<hex>...]`, v1 = HMAC-SHA256(secret, "{t}.{raw body}"). Stripe's
 * scheme under our name. Checked over the raw bytes, before anything parses them. Pure.
 *
 * Any v1 that matches is enough, so a provider can sign with an old and a new secret while they
 * are rotated. Elements of other names (a later v2) are ignored; a second t is refused, since two
 * readers could then disagree about what was signed. */
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_HEADER_NAME      "Roundtrip-Signature"
#define SIGNATURE_HEADER_BYTES_MAX 1024
#define SIGNATURE_TOLERANCE_S      300 /* both ways: an old one is replayed, a new one forged */
#define SIGNATURE_V1_MAX           8
#define SIGNATURE_TEXT_SIZE        96 /* t=<19 digits>,v1=<64 digits> and the final NUL */

/* In the order in which they are found out; everything but VALID is a 401. */
enum signature_verdict {
    SIGNATURE_VALID,
    SIGNATURE_MISSING,   /* no header, or it came twice */
    SIGNATURE_MALFORMED, /* no t, no v1, or not as the scheme writes them */
    SIGNATURE_MISMATCH,  /* no v1 fits these bytes and this secret */
    SIGNATURE_STALE,     /* it fits, but |now - t| is beyond the tolerance */
};

/* header may be NULL. Takes the same time wherever the digits differ. The time is looked at last,
 * so that STALE is said only to somebody who knows the secret. An empty secret verifies nothing:
 * the verdict is MISMATCH. */
MUST_CHECK enum signature_verdict payment_signature_verify(const char *header, const char *secret,
                                                           const char *body, size_t body_length,
                                                           int64_t now_s);

/* What a sender puts into the header. */
void payment_signature_sign(const char *secret, const char *body, size_t body_length, int64_t at_s,
                            char ret_text[SIGNATURE_TEXT_SIZE]);

const char *payment_signature_verdict_text(enum signature_verdict verdict); /* for the log */
