/* dossier_view.c - the gateway's answer about a booking, back into a view. */
#include "cli/screen/json.h"
#include "cli/sources/dossier.h"

#include <string.h>

static bool text_take(const cJSON *json, const char *key, char *text, size_t size)
{
    const char *value = json_text(json, key);
    size_t length = strlen(value);
    if (length >= size)
        return false;
    memcpy(text, value, length + 1);
    return true;
}

static bool outcome_take(const char *state, struct gateway_end *end)
{
    if (strcmp(state, gateway_state_text(GATEWAY_PENDING)) == 0 ||
        strcmp(state, gateway_state_text(GATEWAY_NONE)) == 0)
        return true;
    for (int i = GATEWAY_END_CONFIRMED; i <= GATEWAY_END_CANCELLED; i++) {
        if (strcmp(state, gateway_outcome_text((enum gateway_outcome)i)) == 0) {
            end->outcome = (enum gateway_outcome)i;
            return true;
        }
    }
    return false;
}

static bool refund_take(const cJSON *json, struct gateway_refund *refund)
{
    const char *status = json_text(json, "status");
    refund->payment.amount = json_int(json, "amount", 0);
    for (int i = 0; i < GATEWAY_STATUS_COUNT; i++) {
        if (strcmp(status, gateway_refund_status_text((enum gateway_refund_status)i)) == 0) {
            refund->status = (enum gateway_refund_status)i;
            return text_take(json, "paymentId", refund->payment.payment_id, IDENT_SIZE) &&
                   text_take(json, "currency", refund->payment.currency, CURRENCY_SIZE) &&
                   text_take(json, "refundId", refund->refund_id, IDENT_SIZE) &&
                   text_take(json, "reason", refund->reason, REASON_SIZE);
        }
    }
    return false;
}

bool dossier_view_read(const cJSON *json, struct gateway_view *ret_view)
{
    struct gateway_view *view = ret_view;
    const cJSON *refund;
    memset(view, 0, sizeof *view);
    view->intent.amount = json_int(json, "amount", 0);
    view->intent.is_present = view->intent.amount > 0;
    view->cancel.is_requested =
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "cancelRequested")) != 0;
    if (!text_take(json, "intentId", view->booking_id, IDENT_SIZE) ||
        !text_take(json, "userId", view->intent.user_id, USER_SIZE) ||
        !text_take(json, "currency", view->intent.currency, CURRENCY_SIZE) ||
        !text_take(json, "reason", view->end.reason, REASON_SIZE) ||
        !text_take(json, "paymentId", view->end.payment_id, IDENT_SIZE) ||
        !outcome_take(json_text(json, "state"), &view->end) || view->booking_id[0] == '\0')
        return false;
    cJSON_ArrayForEach(refund, cJSON_GetObjectItemCaseSensitive(json, "refunds"))
    {
        if (view->refund_count == BOOKING_PAYMENTS_MAX ||
            !refund_take(refund, &view->refunds[view->refund_count]))
            return false;
        view->refund_count++;
    }
    return true;
}
