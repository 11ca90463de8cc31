/* test_event_bytes.c - plays the three participants and tells what each of them says, byte by byte,
 * and what their histories keep of what they heard. event_bytes.txt holds the same as it was told
 * once; what was published or stored then must be read for ever, so that file never changes, and
 * only grows at its end. Without an argument the program prints it. */
#include "booking/participant.h"
#include "gateway/participant.h"
#include "payment/participant.h"
#include "tests/unit/event_teller.h"

#define FAR         INT64_C(253402300799999) /* the last millisecond of the year 9999 */
#define LONG_ID     "A-Za_z0.9:ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01"
#define LONG_USER   LONG_ID "auth0|a+b@c.d/e:f_g-hijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNO"
#define ODD_REASON  "\"no\" \\ \b\f\n\r\t\x01\x1f\x7f/ \xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80"
#define LONG_REASON "0123456789 0123456789 0123456789 0123456789 0123456789 01234567"
#define AMOUNT_MAX  INT64_C(999999999999999)

_Static_assert(sizeof LONG_ID == IDENT_SIZE, "as long as may be");
_Static_assert(sizeof LONG_USER == USER_SIZE, "as long as may be");
_Static_assert(sizeof LONG_REASON == REASON_SIZE, "as long as may be");

static const struct gateway_config gateway_rules = { 60000, 3600000 };
static const struct booking_rules booking_rules = { .payment_timeout_ms = 600000,
                                                    .intent_timeout_ms = 700000 };
static const struct payment_rules payment_rules = {
    .repeat_after_ms = 60000,
    .repeat_max_ms = 3600000,
    .effect_wait_ms = 6000,
    .refund_retry_ms = 500,
    .refund_retry_max_ms = 60000,
    .refund_attempts_max = 5,
};

/* ---- gateway ---- */

static void gateway_asks(const char *id, const char *user, int64_t amount, const char *currency,
                         int64_t at_ms)
{
    story(gateway_participant(&gateway_rules), id, "a client asks, twice, and cancels");
    now_ms = at_ms;
    hear("request.intent", "userId", "t", user, "amount", "i", amount, "currency", "t", currency,
         NULL);
    due();
    hear("request.cancel", "userId", "t", user, NULL);
    due();
    due();
}

static void gateway_passes_on(void)
{
    story(gateway_participant(&gateway_rules), "b-2", "a cancel of what it never heard of");
    reads(EVENT_BOOKING_CONFIRMED,
          "{\"intentId\":\"b-2\",\"paymentId\":\"p1\",\"amount\":1,\"currency\":\"JPY\"}");
    hear("request.cancel", "userId", "t", "bob", NULL);
    due();
}

static void gateway_hears_outcome(const char *type, const char *reason, int payments)
{
    static char list[8192];
    size_t length = 0;
    story(gateway_participant(&gateway_rules), "b-3", "an outcome with payments");
    hear("request.intent", "userId", "t", "u1", "amount", "i", INT64_C(5), "currency", "t", "EUR",
         NULL);
    list[0] = '\0';
    for (int i = 0; i < payments; i++)
        length += (size_t)snprintf(list + length, sizeof list - length,
                                   "%s{\"paymentId\":\"p%d\",\"amount\":%d,\"currency\":\"EUR\"}",
                                   i > 0 ? "," : "", i, i + 1);
    reads(type, "{\"intentId\":\"b-3\"%s,\"payments\":[%s]}", reason, list);
    due();
}

static void gateway_hears_refunds(void)
{
    story(gateway_participant(&gateway_rules), "b-4", "refunds, declines and waits");
    hear("request.intent", "userId", "t", "u1", "amount", "i", INT64_C(5), "currency", "t", "EUR",
         NULL);
    reads(EVENT_PAYMENT_DECLINED, "{\"paymentId\":\"p1\",\"intentId\":\"b-4\"}");
    reads(EVENT_PAYMENT_DECLINED,
          "{\"paymentId\":\"p1\",\"intentId\":\"b-4\",\"userId\":\"u1\",\"reason\":"
          "\"\\u00fc \\\"x\\\"\",\"final\":false,\"declinedAt\":%" PRId64 ",\"more\":{\"a\":[1]}}",
          NOW);
    reads(EVENT_PAYMENT_DECLINED,
          "{\"paymentId\":\"p2\",\"intentId\":\"b-4\",\"userId\":\"u1\",\"reason\":\"%s0123456789\""
          ",\"final\":true,\"declinedAt\":-5}",
          LONG_REASON);
    reads(EVENT_BOOKING_PENDING, "{\"intentId\":\"b-4\",\"waitsFor\":\"payment\"}");
    reads(EVENT_BOOKING_PENDING,
          "{\"intentId\":\"b-4\",\"waitsFor\":\"payment\",\"until\":%" PRId64
          ",\"remainingMs\":599000}",
          NOW + 600000);
    reads(EVENT_BOOKING_PENDING, "{\"intentId\":\"b-4\",\"until\":%" PRId64 ",\"remainingMs\":-1}",
          NOW + 700000);
    reads(EVENT_BOOKING_PENDING,
          "{\"intentId\":\"b-4\",\"until\":%" PRId64 ",\"remainingMs\":9000000000000}", FAR);
    read_from("payment:p1:3:1", EVENT_PAYMENT_REFUNDED,
              "{\"paymentId\":\"p1\",\"intentId\":\"b-4\",\"refundId\":\"re_1\",\"amount\":5,"
              "\"currency\":\"EUR\"}");
    read_from("payment:p1:4:0", EVENT_REFUND_STUCK,
              "{\"paymentId\":\"p1\",\"intentId\":\"b-4\",\"reason\":\"refund_failed\","
              "\"amount\":5,\"currency\":\"EUR\",\"retrying\":true}");
    read_from("payment:p1:9:0", EVENT_REFUND_STUCK,
              "{\"paymentId\":\"p1\",\"intentId\":\"b-4\",\"reason\":\"account_closed\","
              "\"amount\":\"999999999999999\",\"currency\":\"EUR\"}");
    read_from("foreign", EVENT_PAYMENT_REFUNDED,
              "{\"paymentId\":\"p3\",\"intentId\":\"b-4\",\"refundId\":\"by-operator\",\"by\":"
              "\"operator\",\"amount\":5,\"currency\":\"EUR\"}");
}

/* ---- booking ---- */

static void booking_story(const char *id, const char *title)
{
    story(booking_participant(&booking_rules), id, title);
}

static void intent(const char *id, const char *user, int64_t amount, const char *currency)
{
    reads(EVENT_INTENT_CREATED,
          "{\"intentId\":\"%s\",\"userId\":\"%s\",\"amount\":%" PRId64
          ",\"currency\":\"%s\",\"createdAt\":\"2026-11-21T10:30:00.123Z\"}",
          id, user, amount, currency);
}

static void captured(const char *id, const char *payment, const char *user, int64_t amount,
                     const char *currency)
{
    reads(EVENT_PAYMENT_CAPTURED,
          "{\"paymentId\":\"%s\",\"intentId\":\"%s\",\"userId\":\"%s\",\"amount\":%" PRId64
          ",\"currency\":\"%s\",\"capturedAt\":%" PRId64 "}",
          payment, id, user, amount, currency, NOW);
}

static void cancelled(const char *id, const char *user)
{
    reads(EVENT_CANCEL_REQUESTED,
          "{\"intentId\":\"%s\",\"userId\":\"%s\",\"requestedAt\":\"2026-11-21T10:30:00.123Z\"}",
          id, user);
}

static void declined(const char *rest)
{
    reads(EVENT_PAYMENT_DECLINED, "{\"paymentId\":\"p0\",\"intentId\":\"b\"%s}", rest);
}

static void booking_waits(void)
{
    booking_story("b", "it waits, is asked again, and is paid");
    intent("b", "u1", 1200, "EUR");
    is_repeat = true;
    now_ms += 1000;
    intent("b", "u1", 1200, "EUR");
    now_ms += 599000; /* to the millisecond */
    intent("b", "u1", 1200, "EUR");
    now_ms += 5;
    intent("b", "u1", 1200, "EUR");
    is_repeat = false;
    declined("");
    declined(",\"userId\":\"u1\",\"reason\":\"nope\",\"final\":false,\"declinedAt\":17");
    captured("b", "p1", "u1", 1200, "EUR");
    is_repeat = true;
    intent("b", "u1", 1200, "EUR");
    captured("b", "p1", "u1", 1200, "EUR");
    is_repeat = false;
    captured("b", "p2", "u1", 7, "EUR");
    is_repeat = true;
    captured("b", "p2", "u1", 7, "EUR");
    intent("b", "u1", 1200, "EUR");
    is_repeat = false;
    cancelled("b", "u1");
    is_repeat = true;
    cancelled("b", "u1");
    is_repeat = false;
    captured("b", "p3", "u1", 9, "EUR");
}

static void booking_extremes(void)
{
    booking_story(LONG_ID, "the longest names, the largest amount");
    now_ms = FAR;
    intent(LONG_ID, LONG_USER, AMOUNT_MAX, "KWD");
    captured(LONG_ID, LONG_ID, LONG_USER, AMOUNT_MAX, "KWD");
    cancelled(LONG_ID, LONG_USER);
}

static void booking_fails(void)
{
    booking_story("b", "another amount");
    intent("b", "u1", 1200, "EUR");
    captured("b", "p1", "u1", 1, "EUR");
    is_repeat = true;
    intent("b", "u1", 1200, "EUR");
    is_repeat = false;
    captured("b", "p2", "u1", 1, "EUR");
    booking_story("b", "another currency");
    intent("b", "u1", 1200, "EUR");
    captured("b", "p1", "u1", 1200, "JPY");
    booking_story("b", "nobody pays");
    intent("b", "u1", 1200, "EUR");
    due();
    booking_story("b", "the payer gives up");
    intent("b", "u1", 1200, "EUR");
    declined(",\"userId\":\"u1\",\"final\":true,\"declinedAt\":"
             "1763721000124");
    booking_story("b", "cancelled before anything else");
    cancelled("b", "u1");
    captured("b", "p1", "u1", 1200, "EUR");
}

static void booking_full(const char *end)
{
    char payment[8];
    booking_story("b", "sixteen payments come first");
    for (int i = 1; i <= 16; i++) {
        snprintf(payment, sizeof payment, "p%d", i);
        captured("b", payment, i == 3 ? "u3" : "u1", i, "EUR");
    }
    if (strcmp(end, "due") == 0)
        due();
    else if (strcmp(end, "cancel") == 0)
        cancelled("b", "u1");
    else
        intent("b", end, 2, "EUR");
    is_repeat = true;
    intent("b", "u1", 2, "EUR");
    is_repeat = false;
    captured("b", "p17", "u1", 17, "EUR");
    captured("b", "p18", "u1", 18, "EUR");
}

/* ---- payment ---- */

static void payment_story(const char *id, const char *title)
{
    story(payment_participant(&payment_rules), id, title);
}

static void webhook_captured(const char *intent_id, const char *user, int64_t amount,
                             const char *currency)
{
    hear("webhook.captured", "intentId", "t", intent_id, "userId", "t", user, "amount", "i", amount,
         "currency", "t", currency, NULL);
}

static void demanded(const char *type, const char *payment, int64_t amount)
{
    bool is_list =
        strcmp(type, EVENT_BOOKING_FAILED) == 0 || strcmp(type, EVENT_BOOKING_CANCELLED) == 0;
    if (is_list)
        reads(type,
              "{\"intentId\":\"b\"%s,\"payments\":[{\"paymentId\":\"q1\",\"amount\":3,\"currency\":"
              "\"EUR\"},{\"paymentId\":\"%s\",\"amount\":%" PRId64 ",\"currency\":\"EUR\"}]}",
              strcmp(type, EVENT_BOOKING_FAILED) == 0 ? ",\"reason\":\"amount_mismatch\"" : "",
              payment, amount);
    else
        reads(type,
              "{\"paymentId\":\"%s\",\"intentId\":\"b\",\"amount\":%" PRId64
              ",\"currency\":\"EUR\",\"reason\":\"second_payment\"}",
              payment, amount);
}

static void result(const char *status, const char *refund_id, int64_t amount, const char *reason)
{
    hear("refund.result", "status", "t", status, "refundId", "t", refund_id, "amount", "i", amount,
         "reason", "t", reason, "retryAfter", "i", INT64_C(-1), "call", "i", INT64_C(1), NULL);
}

static void payment_confirmed(void)
{
    payment_story("p1", "captured, told again, and taken");
    webhook_captured("b", "u1", 1200, "EUR");
    due();
    due();
    reads(EVENT_BOOKING_CONFIRMED,
          "{\"intentId\":\"b\",\"paymentId\":\"p1\",\"amount\":1200,\"currency\":\"EUR\"}");
    payment_story(LONG_ID, "the longest names, the largest amount");
    now_ms = FAR;
    webhook_captured(LONG_ID, LONG_USER, AMOUNT_MAX, "KWD");
    payment_story("p1", "of an odd caller");
    now_ms = 0;
    webhook_captured("b", ODD_REASON "\xff", 1, "JPY");
}

static void payment_declined(const char *user, const char *reason, bool is_final)
{
    payment_story("p1", "declined");
    hear("webhook.declined", "intentId", "t", "b", "userId", "t", user, "reason", "t", reason,
         "final", "b", (int)is_final, NULL);
}

static void payment_refunded(const char *demand, const char *refund_id)
{
    payment_story("p1", "goes back, and is asked about");
    webhook_captured("b", "u1", 1200, "EUR");
    demanded(demand, "p1", 1200);
    result("succeeded", refund_id, 1200, "");
    is_repeat = true;
    demanded(demand, "p1", 1200);
    is_repeat = false;
    hear("webhook.refunded", "intentId", "t", "b", "amount", "i", INT64_C(1200), "currency", "t",
         "EUR", "refundId", "t", refund_id, "hasFailed", "b", 1, NULL);
}

static void payment_stuck(const char *reason)
{
    payment_story("p1", "is refused, and settled by hand");
    webhook_captured("b", "u1", 1200, "EUR");
    demanded(EVENT_BOOKING_CANCELLED, "p1", 1200);
    result("refused", "", 0, reason);
    is_repeat = true;
    demanded(EVENT_BOOKING_CANCELLED, "p1", 1200);
    is_repeat = false;
    hear("operator.resolve", "reason", "t", "paid in cash", NULL);
    is_repeat = true;
    demanded(EVENT_BOOKING_CANCELLED, "p1", 1200);
}

static void payment_reported(void)
{
    payment_story("p1", "reported before it is known");
    hear("webhook.refunded", "intentId", "t", "b", "amount", "i", INT64_C(1200), "currency", "t",
         "EUR", "refundId", "t", "re_1", NULL);
    demanded(EVENT_REFUND_REQUESTED, "p1", 1200);
    webhook_captured("b", "u1", 1200, "EUR");
    payment_story("p1", "asked again by hand");
    webhook_captured("b", "u1", 1200, "EUR");
    demanded(EVENT_REFUND_REQUESTED, "p1", 1200);
    result("refused", "", 0, "account_closed");
    hear("operator.retry", "reason", "t", "", NULL);
    result("pending", "re_1", 1200, "");
    hear("webhook.refunded", "intentId", "t", "b", "amount", "i", INT64_C(1200), "currency", "t",
         "EUR", "refundId", "t", "re_1", "isPending", "b", 1, NULL);
    hear("webhook.refunded", "intentId", "t", "b", "amount", "i", INT64_C(1200), "currency", "t",
         "EUR", "refundId", "t", "re_1", NULL);
}

static void all_tell(void)
{
    gateway_asks("b-1", "u1", 12345, "EUR", NOW);
    gateway_asks(LONG_ID, LONG_USER, AMOUNT_MAX, "KWD", FAR);
    gateway_asks(".", "a@b", 1, "JPY", 0);
    gateway_asks("b:1", "u", 99, "USD", 1);
    gateway_passes_on();
    static const int counts[] = { 0, 1, 4, 5, 16 };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        gateway_hears_outcome(EVENT_BOOKING_FAILED, ",\"reason\":\"amount_mismatch\"", counts[i]);
        gateway_hears_outcome(EVENT_BOOKING_CANCELLED, "", counts[i]);
    }
    gateway_hears_refunds();
    booking_waits();
    booking_extremes();
    booking_fails();
    booking_full("due");
    booking_full("cancel");
    booking_full("u1");
    booking_full("u3");
    booking_full("u9");
    payment_confirmed();
    payment_declined("u1", "card_declined", false);
    payment_declined("", "card_declined", true);
    payment_declined("u1", ODD_REASON "\xff", true);
    payment_declined(LONG_USER, LONG_REASON, false);
    payment_declined("u1", "", false);
    payment_refunded(EVENT_BOOKING_FAILED, "re_1");
    payment_refunded(EVENT_BOOKING_CANCELLED, "re_\"2\"\xc3\xbc");
    payment_refunded(EVENT_REFUND_REQUESTED, LONG_ID);
    payment_stuck("account_closed");
    payment_stuck(ODD_REASON "\xff");
    payment_reported();
}

int main(int argument_count, char **arguments)
{
    char *text = NULL;
    size_t length = 0;
    told = open_memstream(&text, &length);
    if (told == NULL)
        return 1;
    all_tell();
    fclose(told);
    int status = 0;
    if (argument_count > 1)
        status = same_as(arguments[1], text);
    else
        fputs(text, stdout);
    free(text);
    free(state);
    arena_done(&arena);
    return status;
}
