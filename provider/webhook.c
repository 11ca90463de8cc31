/* webhook.c - writes and signs the bodies; what becomes of a webhook after an attempt, and when it
 * is due again. */
#include "provider/webhook.h"

#include "common/base/hash.h"
#include "common/base/hex.h"
#include "common/base/rfc3339.h"
#include "common/json/json_write.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SIGNED_BYTES_MAX (WEBHOOK_BODY_BYTES_MAX + 32)

static void webhook_start(struct webhook *webhook, const char *path, const char *payment_id,
                          const char *intent_id, const struct webhook_faults *faults,
                          int64_t now_ms)
{
    *webhook = (struct webhook){ .copies = faults->copies,
                                 .created_ms = now_ms,
                                 .due_ms = now_ms + faults->late_ms,
                                 .is_held = faults->is_held,
                                 .is_forged = faults->is_forged };
    if (faults->is_held)
        webhook->due_ms = now_ms + WEBHOOK_HOLD_MS_MAX;
    (void)snprintf(webhook->path, sizeof webhook->path, "%s", path);
    memcpy(webhook->payment_id, payment_id, sizeof webhook->payment_id);
    memcpy(webhook->intent_id, intent_id, sizeof webhook->intent_id);
}

void webhook_charge_make(const struct ledger_charge *charge, const struct webhook_faults *faults,
                         int64_t now_ms, struct webhook *ret_webhook)
{
    bool is_declined = charge->status == LEDGER_DECLINED;
    webhook_start(ret_webhook, is_declined ? "/payment/declined" : "/payment/captured",
                  charge->payment_id, charge->intent_id, faults, now_ms);
    struct json_writer writer;
    json_write_init(&writer, ret_webhook->body, sizeof ret_webhook->body);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "paymentId", charge->payment_id);
    json_write_string(&writer, "intentId", charge->intent_id);
    json_write_string(&writer, "userId", charge->user_id);
    if (is_declined) {
        json_write_string(&writer, "reason",
                          charge->reason[0] != '\0' ? charge->reason : "card_declined");
    } else {
        char captured_at[RFC3339_SIZE];
        rfc3339_write_ms(charge->at_ms, captured_at);
        json_write_int(&writer, "amount", charge->amount);
        json_write_string(&writer, "currency", charge->currency);
        json_write_string(&writer, "capturedAt", captured_at);
    }
    json_write_object_end(&writer);
    size_t length = json_write_finish(&writer);
    assert(length > 0);
}

void webhook_refund_make(const struct ledger_refund *refund, const struct webhook_faults *faults,
                         int64_t now_ms, struct webhook *ret_webhook)
{
    webhook_start(ret_webhook, "/payment/refunded", refund->payment_id, refund->intent_id, faults,
                  now_ms);
    struct json_writer writer;
    json_write_init(&writer, ret_webhook->body, sizeof ret_webhook->body);
    json_write_object_begin(&writer, NULL);
    json_write_string(&writer, "paymentId", refund->payment_id);
    if (refund->intent_id[0] != '\0')
        json_write_string(&writer, "intentId", refund->intent_id);
    json_write_string(&writer, "refundId", refund->refund_id);
    json_write_int(&writer, "amount", refund->amount);
    json_write_string(&writer, "currency", refund->currency);
    json_write_string(&writer, "status", "succeeded");
    json_write_object_end(&writer);
    size_t length = json_write_finish(&writer);
    assert(length > 0);
}

int64_t webhook_backoff_ms(int64_t attempts)
{
    int64_t backoff_ms = WEBHOOK_BACKOFF_MS;
    for (int64_t i = 1; i < attempts && backoff_ms < WEBHOOK_BACKOFF_MS_MAX; i++)
        backoff_ms *= 2;
    return backoff_ms < WEBHOOK_BACKOFF_MS_MAX ? backoff_ms : WEBHOOK_BACKOFF_MS_MAX;
}

enum webhook_fate webhook_settle(struct webhook *webhook, int http_status, int64_t retry_after_s,
                                 int64_t now_ms)
{
    webhook->is_held = false;
    if (webhook->is_forged) {
        webhook->is_forged = false;
        webhook->due_ms = now_ms;
        return WEBHOOK_AGAIN;
    }
    if (webhook->copies > 1) {
        webhook->copies--;
        webhook->due_ms = now_ms;
        return WEBHOOK_AGAIN;
    }
    if (http_status >= 200 && http_status < 300)
        return WEBHOOK_ACKNOWLEDGED;
    if (now_ms - webhook->created_ms >= WEBHOOK_GIVE_UP_MS)
        return WEBHOOK_GIVEN_UP;
    webhook->attempts++;
    int64_t wait_ms = webhook_backoff_ms(webhook->attempts);
    if (retry_after_s > wait_ms / 1000)
        wait_ms = retry_after_s < WEBHOOK_BACKOFF_MS_MAX / 1000 ? retry_after_s * 1000
                                                                : WEBHOOK_BACKOFF_MS_MAX;
    webhook->due_ms = now_ms + wait_ms;
    return WEBHOOK_AGAIN;
}

void webhook_sign(const char *secret, const char *body, int64_t at_s, bool is_forged,
                  char ret_text[WEBHOOK_SIGNATURE_SIZE])
{
    char bytes[SIGNED_BYTES_MAX];
    int length = snprintf(bytes, sizeof bytes, "%" PRId64 ".%s", at_s, body);
    assert(length > 0 && (size_t)length < sizeof bytes);
    uint8_t digest[SHA256_BYTES];
    hash_hmac_sha256(secret, strlen(secret), bytes, (size_t)length, digest);
    if (is_forged)
        digest[0] ^= 1; /* one bit off: as close to right as a wrong one can be */
    char hex[2 * SHA256_BYTES + 1];
    hex_write(digest, sizeof digest, hex);
    (void)snprintf(ret_text, WEBHOOK_SIGNATURE_SIZE, "t=%" PRId64 ",v1=%s", at_s, hex);
}
