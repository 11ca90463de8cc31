/* unnamed.c - the texts of which such ids are hashes; a release that changed one would take a
 * repeat for another payment. */
#include "payment/unnamed.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#define TEXT_BYTES_MAX 512 /* neither ids nor users hold a line feed */

/* Never to be changed: providers repeat what an earlier release has stored. */
void payment_unnamed_capture_first(const char *intent_id, char ret_id[UUID_TEXT_SIZE])
{
    char text[TEXT_BYTES_MAX];
    int length = snprintf(text, sizeof text, "payment\n%s", intent_id);
    assert(length > 0 && (size_t)length < sizeof text);
    uuid_v8_derive(text, (size_t)length, ret_id);
}

void payment_unnamed_capture_own(const struct payment_payload *payload, char ret_id[UUID_TEXT_SIZE])
{
    char text[TEXT_BYTES_MAX];
    int length = snprintf(text, sizeof text, "payment\n%s\n%s\n%" PRId64 "\n%s", payload->intent_id,
                          payload->user_id, payload->amount, payload->currency);
    assert(length > 0 && (size_t)length < sizeof text);
    uuid_v8_derive(text, (size_t)length, ret_id);
}

void payment_unnamed_decline(const struct payment_payload *payload, char ret_id[UUID_TEXT_SIZE])
{
    char text[TEXT_BYTES_MAX];
    int length =
        snprintf(text, sizeof text, "decline\n%s\n%s", payload->intent_id, payload->user_id);
    assert(length > 0 && (size_t)length < sizeof text);
    uuid_v8_derive(text, (size_t)length, ret_id);
}
