/* refunds.c - hears a report of one refund, adds up those of a standing, and writes the idempotency
 * key of each call. */
#include "payment/refunds.h"

#include "common/base/enum_list.h"
#include "common/base/text.h"
#include "common/base/uuid.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *payment_standing_text(enum standing standing)
{
    static const char *const texts[] = { STANDINGS(ENUM_TEXT) };
    assert(standing < STANDING_COUNT);
    return texts[standing];
}

const struct payment_refund *payment_refunds_find(const struct refunds *refunds, const char *id)
{
    for (int32_t i = 0; i < refunds->count; i++)
        if (strcmp(refunds->list[i].id, id) == 0)
            return &refunds->list[i];
    return NULL;
}

/* What is not said yet is more than anything that is. */
static bool is_less(int64_t amount, int64_t than)
{
    return amount != 0 && (than == 0 || amount < than);
}

static enum hearing known_hear(struct payment_refund *known, const struct payment_refund *said)
{
    if (known->currency[0] == '\0') /* an older release did not keep it */
        text_copy(known->currency, sizeof known->currency, said->currency);
    bool is_same_currency = strcmp(known->currency, said->currency) == 0;
    bool is_smaller = is_same_currency && is_less(said->amount, known->amount);
    bool is_later = said->standing > known->standing;
    if (is_smaller)
        known->amount = said->amount;
    if (is_later)
        known->standing = said->standing;
    return is_smaller || is_later ? HEARD_NEWS : HEARD_BEFORE;
}

bool payment_refunds_contradict(const struct refunds *refunds, const struct payment_refund *said)
{
    const struct payment_refund *known = payment_refunds_find(refunds, said->id);
    return known != NULL &&
           ((known->currency[0] != '\0' && strcmp(known->currency, said->currency) != 0) ||
            (known->amount != 0 && said->amount != 0 && known->amount != said->amount));
}

enum hearing payment_refunds_hear(struct refunds *refunds, const struct payment_refund *said,
                                  bool is_ours)
{
    const struct payment_refund *known = payment_refunds_find(refunds, said->id);
    assert(said->id[0] != '\0' && said->standing < STANDING_COUNT && said->amount >= 0);
    if (known != NULL)
        return known_hear(&refunds->list[known - refunds->list], said);
    if (refunds->count >= (is_ours ? PAYMENT_REFUNDS_MAX : PAYMENT_REFUNDS_MAX - 1))
        return HEARD_NO_ROOM;
    struct payment_refund *added = &refunds->list[refunds->count++];
    text_copy(added->id, sizeof added->id, said->id);
    text_copy(added->currency, sizeof added->currency, said->currency);
    added->amount = said->amount;
    added->standing = said->standing;
    return HEARD_NEWS;
}

int64_t payment_refunds_sum(const struct refunds *refunds, enum standing standing,
                            const char *currency)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < refunds->count; i++)
        if (refunds->list[i].standing == standing &&
            strcmp(refunds->list[i].currency, currency) == 0)
            sum += refunds->list[i].amount;
    return sum;
}

const struct payment_refund *payment_refunds_last_standing(const struct refunds *refunds)
{
    for (int32_t i = refunds->count; i-- > 0;)
        if (refunds->list[i].standing == STANDING_SUCCEEDED)
            return &refunds->list[i];
    return NULL;
}

/* A key that is made of the id and a number could be the id of another payment. */
void payment_refund_key_write(const char *payment_id, int64_t ordinal, char ret_key[IDENT_SIZE])
{
    char text[IDENT_SIZE + 32];
    if (ordinal == 0) {
        text_copy(ret_key, IDENT_SIZE, payment_id);
        return;
    }
    int length = snprintf(text, sizeof text, "refund\n%s\n%" PRId64, payment_id, ordinal);
    uuid_v8_derive(text, (size_t)length, ret_key);
}
