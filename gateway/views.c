/* views.c - the words for each state and for the money on its way back; the cursor and the
 * ETag of a list. */
#include "gateway/views.h"

#include "common/base/hex.h"
#include "common/base/rfc3339.h"
#include "tracing/tracing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What has become of the money, as the list of refunds says it. */
enum money { MONEY_NONE, MONEY_BACK, MONEY_UNDER_WAY, MONEY_STUCK, MONEY_COUNT };
static enum money money_of(const struct gateway_view *view)
{
    enum money money = view->refund_count > 0 ? MONEY_BACK : MONEY_NONE;
    for (int64_t i = 0; i < view->refund_count; i++) {
        if (view->refunds[i].status == GATEWAY_STATUS_STUCK)
            return MONEY_STUCK;
        if (view->refunds[i].status == GATEWAY_STATUS_WAITING)
            money = MONEY_UNDER_WAY;
    }
    return money;
}

static const char *const failed_texts[MONEY_COUNT] = {
    [MONEY_NONE] = "The booking has failed; no payment for it is known.",
    [MONEY_BACK] = "The booking has failed; whatever was paid for it is refunded.",
    [MONEY_UNDER_WAY] = "The booking has failed; what was paid for it is being refunded.",
    [MONEY_STUCK] = ("The booking has failed; a refund of what was paid for it is stuck, and "
                     "somebody has to look at it."),
};
static const char *const cancelled_texts[MONEY_COUNT] = {
    [MONEY_NONE] = "The booking is cancelled; no payment for it is known.",
    [MONEY_BACK] = "The booking is cancelled; whatever was paid for it is refunded.",
    [MONEY_UNDER_WAY] = "The booking is cancelled; what was paid for it is being refunded.",
    [MONEY_STUCK] = ("The booking is cancelled; a refund of what was paid for it is stuck, and "
                     "somebody has to look at it."),
};

static const char *message_of(const struct gateway_view *view)
{
    if (gateway_cancel_is_pending(view))
        return "A cancellation has been requested; its outcome follows.";
    switch (gateway_state(view)) {
    case GATEWAY_NONE:
        return "No booking has been asked for under this id; only a refund is known.";
    case GATEWAY_PENDING:
        return view->last_decline.payment_id[0] != '\0'
                   ? "The last payment was declined; the booking waits for another one."
                   : "The booking waits for its outcome.";
    case GATEWAY_CONFIRMED:
        return "The booking is confirmed.";
    case GATEWAY_FAILED:
        return failed_texts[money_of(view)];
    case GATEWAY_CANCELLED:
        return cancelled_texts[money_of(view)];
    case GATEWAY_STATE_COUNT:
        break;
    }
    return "";
}

static void answer_begin(struct json_writer *writer, struct http_answer *answer)
{
    json_write_init(writer, answer->body, HTTP_ANSWER_BYTES_MAX);
    json_write_object_begin(writer, NULL);
}

/* All answers are bounded well below the buffer's size; an empty body would show a mistake. */
static void answer_end(struct json_writer *writer, struct http_answer *answer, int status)
{
    json_write_object_end(writer);
    answer->body_length = json_write_finish(writer);
    answer->status = answer->body_length > 0 ? status : 500;
}

static void text_add(struct json_writer *writer, const char *key, const char *text)
{
    if (text[0] != '\0')
        json_write_string(writer, key, text);
}

static void time_add(struct json_writer *writer, const char *key, int64_t at_ms)
{
    char text[RFC3339_SIZE];
    if (at_ms <= 0)
        return;
    rfc3339_write_ms(at_ms, text);
    json_write_string(writer, key, text);
}

static void trace_add(struct json_writer *writer, const char *booking_id)
{
    char trace[33];
    tracing_booking_trace_hex(booking_id, trace);
    json_write_string(writer, "traceId", trace);
}

void gateway_write_accepted(struct http_answer *answer, const char *booking_id,
                            const struct gateway_intent_request *intent)
{
    struct json_writer writer;
    answer_begin(&writer, answer);
    json_write_string(&writer, "intentId", booking_id);
    json_write_string(&writer, "userId", intent->user_id);
    json_write_int(&writer, "amount", intent->amount);
    json_write_string(&writer, "currency", intent->currency);
    json_write_string(&writer, "state", gateway_state_text(GATEWAY_PENDING));
    json_write_string(&writer, "message",
                      "The booking request is stored and will be decided; ask for its state.");
    answer_end(&writer, answer, 202);
}

void gateway_write_cancel(struct http_answer *answer, const char *booking_id,
                          const struct gateway_view *view)
{
    struct json_writer writer;
    answer_begin(&writer, answer);
    json_write_string(&writer, "intentId", booking_id);
    json_write_string(&writer, "state", gateway_state_text(gateway_state(view)));
    json_write_string(
        &writer, "message",
        view->end.outcome == GATEWAY_END_CONFIRMED && !gateway_cancel_is_pending(view)
            ? "The cancellation is passed on; it counts if the booking is this user's."
            : message_of(view));
    answer_end(&writer, answer, 202);
}

static void refund_add(struct json_writer *writer, const struct gateway_refund *refund)
{
    json_write_object_begin(writer, NULL);
    json_write_string(writer, "paymentId", refund->payment.payment_id);
    json_write_int(writer, "amount", refund->payment.amount);
    json_write_string(writer, "currency", refund->payment.currency);
    json_write_string(writer, "status", gateway_refund_status_text(refund->status));
    text_add(writer, "refundId", refund->refund_id);
    text_add(writer, "reason", refund->reason);
    json_write_object_end(writer);
}

static void decline_add(struct json_writer *writer, const struct gateway_decline *decline)
{
    json_write_object_begin(writer, "lastDecline");
    json_write_string(writer, "paymentId", decline->payment_id);
    text_add(writer, "reason", decline->reason);
    json_write_bool(writer, "final", decline->is_final);
    time_add(writer, "at", decline->at_ms);
    json_write_object_end(writer);
}

/* What a booking's own page and its line in a list have in common. */
static void booking_add(struct json_writer *writer, const char *booking_id,
                        const struct gateway_view *view, const struct record *record)
{
    const struct gateway_intent *intent = &view->intent;
    json_write_string(writer, "intentId", booking_id);
    if (intent->is_present) {
        json_write_string(writer, "userId", intent->user_id);
        json_write_int(writer, "amount", intent->amount);
        json_write_string(writer, "currency", intent->currency);
    }
    json_write_string(writer, "state", gateway_state_text(gateway_state(view)));
    text_add(writer, "reason", view->end.reason);
    text_add(writer, "paymentId", view->end.payment_id);
    if (view->last_decline.payment_id[0] != '\0')
        decline_add(writer, &view->last_decline);
    if (view->cancel.is_requested && !view->cancel.is_passed_on)
        json_write_bool(writer, "cancelRequested", true);
    time_add(writer, "createdAt",
             intent->is_present ? intent->created_at_ms : record->created_at_ms);
    time_add(writer, "updatedAt", view->updated_at_ms);
    trace_add(writer, booking_id);
}

void gateway_write_booking(struct http_answer *answer, const char *booking_id,
                           const struct gateway_view *view, const struct record *record)
{
    struct json_writer writer;
    answer_begin(&writer, answer);
    booking_add(&writer, booking_id, view, record);
    json_write_array_begin(&writer, "refunds");
    for (int64_t i = 0; i < view->refund_count; i++)
        refund_add(&writer, &view->refunds[i]);
    json_write_array_end(&writer);
    json_write_string(&writer, "message", message_of(view));
    json_write_int(&writer, "version", record->version);
    answer_end(&writer, answer, 200);
}

void gateway_write_list_begin(struct json_writer *writer, struct http_answer *answer)
{
    answer_begin(writer, answer);
    json_write_string(writer, "object", "list");
    json_write_string(writer, "url", "/bookings");
    json_write_array_begin(writer, "data");
}

void gateway_write_list_item(struct json_writer *writer, const char *booking_id,
                             const struct gateway_view *view, const struct record *record)
{
    char cursor[GATEWAY_CURSOR_SIZE];
    gateway_cursor_write(record, cursor);
    json_write_object_begin(writer, NULL);
    json_write_string(writer, "id", booking_id);
    booking_add(writer, booking_id, view, record);
    json_write_string(writer, "cursor", cursor);
    json_write_object_end(writer);
}

void gateway_write_list_unreadable(struct json_writer *writer, const char *const *ids, size_t count)
{
    json_write_array_end(writer);
    if (count == 0)
        return;
    json_write_array_begin(writer, "unreadable");
    for (size_t i = 0; i < count; i++)
        json_write_string(writer, NULL, ids[i]);
    json_write_array_end(writer);
}

void gateway_write_list_end(struct json_writer *writer, struct http_answer *answer,
                            const struct record *last, bool has_more)
{
    char cursor[GATEWAY_CURSOR_SIZE];
    json_write_bool(writer, "has_more", has_more);
    if (has_more) {
        gateway_cursor_write(last, cursor);
        json_write_string(writer, "next_cursor", cursor);
    }
    answer_end(writer, answer, 200);
}

void gateway_etag_write(int64_t version, char ret_text[GATEWAY_ETAG_SIZE])
{
    snprintf(ret_text, GATEWAY_ETAG_SIZE, "\"%" PRId64 "\"", version);
}

#define CURSOR_BYTES_MAX ((GATEWAY_CURSOR_SIZE - 1) / 2)

void gateway_cursor_write(const struct record *record, char ret_text[GATEWAY_CURSOR_SIZE])
{
    char plain[CURSOR_BYTES_MAX];
    int length = snprintf(plain, sizeof plain, "%" PRId64 ":%s", record->created_at_ms, record->id);
    hex_write((const uint8_t *)plain, (size_t)length, ret_text);
}

bool gateway_cursor_read(const char *text, struct store_cursor *ret_cursor)
{
    char plain[CURSOR_BYTES_MAX + 1] = "";
    size_t length = strlen(text);
    if (length == 0 || length % 2 != 0 || length / 2 > CURSOR_BYTES_MAX)
        return false;
    if (!hex_read(text, length / 2, (uint8_t *)plain) || strlen(plain) < length / 2)
        return false;
    size_t digits = strspn(plain, "0123456789");
    if (digits == 0 || digits > 15 || plain[digits] != ':')
        return false;
    const char *id = plain + digits + 1;
    if (!ident_is_valid(id, strlen(id)))
        return false;
    memset(ret_cursor, 0, sizeof *ret_cursor);
    ret_cursor->created_at_ms = strtoll(plain, NULL, 10);
    memcpy(ret_cursor->id, id, strlen(id));
    return ret_cursor->created_at_ms > 0;
}
