/* requests.c - the tables by which bodies are read; an unknown field is refused, an id that no path
 * could reach too. */
#include "provider/requests.h"

#include <stdio.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* clang-format off */
static const struct json_field charge_fields[] = {
    { "paymentId", JSON_FIELD_IDENT, false, offsetof(struct ledger_charge_request, payment_id), 0 },
    { "intentId", JSON_FIELD_IDENT, true, offsetof(struct ledger_charge_request, intent_id), 0 },
    { "userId", JSON_FIELD_USER, true, offsetof(struct ledger_charge_request, user_id), 0 },
    { "amount", JSON_FIELD_AMOUNT, true, offsetof(struct ledger_charge_request, amount), 0 },
    { "currency", JSON_FIELD_CURRENCY, false, offsetof(struct ledger_charge_request, currency), 0 },
    { "declined", JSON_FIELD_BOOL, false, offsetof(struct ledger_charge_request, is_declined), 0 },
    { "reason", JSON_FIELD_TEXT, false, offsetof(struct ledger_charge_request, reason),
      REASON_SIZE },
};
static const struct json_field refund_fields[] = {
    { "paymentId", JSON_FIELD_IDENT, true, offsetof(struct ledger_refund_request, payment_id), 0 },
    { "intentId", JSON_FIELD_IDENT, false, offsetof(struct ledger_refund_request, intent_id), 0 },
    { "amount", JSON_FIELD_AMOUNT, true, offsetof(struct ledger_refund_request, amount), 0 },
    { "currency", JSON_FIELD_CURRENCY, false, offsetof(struct ledger_refund_request, currency), 0 },
};

struct fault_body {
    char target[16];
    struct fault_request request;
};
static const struct json_field fault_fields[] = {
    { "target", JSON_FIELD_TEXT, true, offsetof(struct fault_body, target), 16 },
    { "fault", JSON_FIELD_TEXT, true, offsetof(struct fault_body, request.fault), FAULT_TEXT_SIZE },
    { "count", JSON_FIELD_INT, false, offsetof(struct fault_body, request.count), 0 },
    { "paymentId", JSON_FIELD_IDENT, false, offsetof(struct fault_body, request.payment_id), 0 },
};
/* clang-format on */

bool charge_request_read(const char *body, size_t length, const char *default_currency,
                         struct ledger_charge_request *ret, struct json_problem *problem)
{
    struct ledger_charge_request request = { 0 };
    (void)snprintf(request.currency, sizeof request.currency, "%s", default_currency);
    if (!json_read(body, length, charge_fields, COUNT(charge_fields), JSON_UNKNOWN_REFUSED,
                   &request, problem))
        return false;
    if (ident_is_dots(request.payment_id) || strcmp(request.payment_id, "summary") == 0) {
        memset(problem, 0, sizeof *problem);
        (void)snprintf(problem->pointer, sizeof problem->pointer, "/paymentId");
        (void)snprintf(
            problem->detail, sizeof problem->detail,
            "must not be . or .. or summary: GET /ledger/{paymentId} would not reach it");
        return false;
    }
    *ret = request;
    return true;
}

bool refund_request_read(const char *body, size_t length, const char *default_currency,
                         struct ledger_refund_request *ret, struct json_problem *problem)
{
    struct ledger_refund_request request = { 0 };
    (void)snprintf(request.currency, sizeof request.currency, "%s", default_currency);
    if (!json_read(body, length, refund_fields, COUNT(refund_fields), JSON_UNKNOWN_REFUSED,
                   &request, problem))
        return false;
    *ret = request;
    return true;
}

bool idempotency_key_read(const char *header, char *buffer, size_t size)
{
    size_t length = strlen(header), count = 0;
    bool is_quoted = length >= 2 && header[0] == '"' && header[length - 1] == '"';
    size_t end = is_quoted ? length - 1 : length;
    for (size_t i = is_quoted ? 1 : 0; i < end; i++) {
        char c = header[i];
        if (is_quoted && c == '\\') {
            if (++i == end || (header[i] != '"' && header[i] != '\\'))
                return false;
            c = header[i];
        } else if (c == '"') {
            return false;
        }
        if (c < 0x21 || c > 0x7e || count + 1 >= size)
            return false;
        buffer[count++] = c;
    }
    buffer[count] = '\0';
    return count > 0;
}

bool fault_request_read(const char *body, size_t length, struct fault_request *ret,
                        struct json_problem *problem)
{
    struct fault_body read = { .request.count = 1 };
    if (!json_read(body, length, fault_fields, COUNT(fault_fields), JSON_UNKNOWN_REFUSED, &read,
                   problem))
        return false;
    if (!fault_target_parse(read.target, &read.request.target)) {
        *problem = (struct json_problem){ .pointer = "/target",
                                          .detail = "one of refund, charge, lookup, webhook" };
        return false;
    }
    *ret = read.request;
    return true;
}
