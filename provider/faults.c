/* faults.c - the table of faults, their little language, and which of them a call draws: header,
 * then armed, then configured. */
#include "provider/faults.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define TARGETS      FAULT_TARGET_COUNT

enum argument_rule { ARGUMENT_NONE, ARGUMENT_OPTIONAL, ARGUMENT_NEEDED };

struct fault_form {
    enum fault_kind kind;
    const char *text;
    bool is_of_webhooks;
    enum argument_rule argument;
    int64_t argument_default, argument_max;
};

/* clang-format off */
static const struct fault_form forms[] = {
    { FAULT_NONE,           "none",           false, ARGUMENT_NONE,     0, 0 },
    { FAULT_REFUSE,         "refuse",         false, ARGUMENT_NONE,     0, 0 },
    { FAULT_DELAY,          "delay",          false, ARGUMENT_NEEDED,   0, FAULT_DELAY_MS_MAX },
    { FAULT_TIMEOUT_AFTER,  "timeout-after",  false, ARGUMENT_OPTIONAL, FAULT_SILENCE_MS,
      FAULT_DELAY_MS_MAX },
    { FAULT_TIMEOUT_BEFORE, "timeout-before", false, ARGUMENT_OPTIONAL, FAULT_SILENCE_MS,
      FAULT_DELAY_MS_MAX },
    { FAULT_5XX,            "5xx",            false, ARGUMENT_NONE,     0, 0 },
    { FAULT_5XX_AFTER,      "5xx-after",      false, ARGUMENT_NONE,     0, 0 },
    { FAULT_429,            "429",            false, ARGUMENT_NONE,     0, 0 },
    { FAULT_HTTP,           "http",           false, ARGUMENT_NEEDED,   0, FAULT_STATUS_MAX },
    { FAULT_HTML,           "html",           false, ARGUMENT_NEEDED,   0, FAULT_STATUS_MAX },
    { FAULT_DUPLICATE,      "duplicate",      true,  ARGUMENT_OPTIONAL, 2, FAULT_DUPLICATES_MAX },
    { FAULT_OUT_OF_ORDER,   "out-of-order",   true,  ARGUMENT_NONE,     0, 0 },
    { FAULT_LATE,           "late",           true,  ARGUMENT_NEEDED,   0, FAULT_LATE_MS_MAX },
    { FAULT_FORGED,         "forged",         true,  ARGUMENT_NONE,     0, 0 },
    { FAULT_DROP,           "drop",           true,  ARGUMENT_NONE,     0, 0 },
};
static const char *const target_texts[TARGETS] = {
    [FAULT_TARGET_REFUND] = "refund", [FAULT_TARGET_CHARGE] = "charge",
    [FAULT_TARGET_LOOKUP] = "lookup", [FAULT_TARGET_WEBHOOK] = "webhook",
};
/* clang-format on */

static bool text_is(const char *text, size_t length, const char *other)
{
    return strlen(other) == length && memcmp(text, other, length) == 0;
}

static bool target_find(const char *text, size_t length, enum fault_target *ret_target)
{
    for (size_t i = 0; i < TARGETS; i++) {
        if (text_is(text, length, target_texts[i])) {
            *ret_target = (enum fault_target)i;
            return true;
        }
    }
    return false;
}

static const struct fault_form *form_find(const char *text, size_t length)
{
    for (size_t i = 0; i < COUNT(forms); i++)
        if (text_is(text, length, forms[i].text))
            return &forms[i];
    return NULL;
}

static bool argument_parse(const char *text, size_t length, int64_t maximum, int64_t *ret_value)
{
    int64_t value = 0;
    if (length == 0 || length > 9)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *ret_value = value;
    return value >= 1 && value <= maximum;
}

/* "0", "1", "0.25", ".5": no sign, no exponent, independent of the locale. */
static bool rate_parse(const char *text, size_t length, double *ret_rate)
{
    double value = 0, weight = 1;
    bool has_point = false, has_digit = false;
    if (length > 16)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9')
            return false;
        has_digit = true;
        weight = has_point ? weight / 10 : weight;
        value = has_point ? value + weight * (text[i] - '0') : value * 10 + (text[i] - '0');
    }
    *ret_rate = value;
    return has_digit && value <= 1.0;
}

static bool fault_parse(const char *text, size_t length, struct fault *ret, struct error *error)
{
    struct fault fault = { .rate = 1.0 };
    enum fault_target target = FAULT_TARGET_WEBHOOK;
    const char *at = text;
    const char *rate = memchr(at, '@', length);
    size_t rest = rate ? (size_t)(rate - at) : length;
    const char *dot = memchr(at, '.', rest);
    bool has_target = dot != NULL;
    if (has_target) {
        if (!target_find(at, (size_t)(dot - at), &target))
            return error_set(error, ERROR_REJECT,
                             "fault %.*s: the target is one of refund, charge, lookup, webhook",
                             (int)length, text);
        rest -= (size_t)(dot + 1 - at);
        at = dot + 1;
    }
    const char *colon = memchr(at, ':', rest);
    size_t name_length = colon ? (size_t)(colon - at) : rest;
    const struct fault_form *form = form_find(at, name_length);
    if (!form)
        return error_set(error, ERROR_REJECT, "fault %.*s: unknown", (int)length, text);
    fault.kind = form->kind;
    fault.argument = form->argument_default;
    if (colon ? form->argument == ARGUMENT_NONE ||
                    !argument_parse(colon + 1, rest - name_length - 1, form->argument_max,
                                    &fault.argument)
              : form->argument == ARGUMENT_NEEDED)
        return error_set(error, ERROR_REJECT, "fault %.*s: %s", (int)length, text,
                         form->argument == ARGUMENT_NONE ? "takes no argument"
                                                         : "the argument is a positive number");
    bool is_status = form->kind == FAULT_HTTP || form->kind == FAULT_HTML;
    if (is_status && fault.argument < FAULT_STATUS_MIN)
        return error_set(error, ERROR_REJECT, "fault %.*s: a status of %d to %d", (int)length, text,
                         FAULT_STATUS_MIN, FAULT_STATUS_MAX);
    if (has_target && form->kind != FAULT_NONE &&
        (target == FAULT_TARGET_WEBHOOK) != form->is_of_webhooks)
        return error_set(error, ERROR_REJECT, "fault %.*s: not a fault of this target", (int)length,
                         text);
    if (rate && !rate_parse(rate + 1, length - (size_t)(rate + 1 - text), &fault.rate))
        return error_set(error, ERROR_REJECT, "fault %.*s: the rate is 0 to 1", (int)length, text);
    for (size_t i = 0; i < TARGETS; i++) {
        bool is_webhook = i == FAULT_TARGET_WEBHOOK;
        fault.on_target[i] = has_target
                                 ? i == target
                                 : i != FAULT_TARGET_LOOKUP && is_webhook == form->is_of_webhooks;
    }
    *ret = fault;
    return true;
}

bool fault_list_parse(const char *text, struct fault *ret_faults, size_t max, size_t *ret_count,
                      struct error *error)
{
    size_t count = 0;
    const char *at = text;
    while (*(at += strspn(at, " ,")) != '\0') {
        size_t length = strcspn(at, " ,");
        if (count == max)
            return error_set(error, ERROR_REJECT, "faults: at most %zu", max);
        ret_faults[count] = (struct fault){ 0 };
        if (!fault_parse(at, length, &ret_faults[count], error))
            return false;
        if (ret_faults[count].kind != FAULT_NONE)
            count++;
        at += length;
    }
    *ret_count = count;
    return true;
}

bool faults_init(struct faults *faults, const char *text, uint64_t seed, struct error *error)
{
    *faults = (struct faults){ .random = seed };
    return fault_list_parse(text, faults->configured, FAULTS_CONFIGURED_MAX,
                            &faults->configured_count, error);
}

bool faults_arm(struct faults *faults, enum fault_target target, const char *text, int64_t count,
                const char *payment_id, struct error *error)
{
    struct faults_armed armed = { .left = count };
    size_t parsed = 0;
    if (!fault_list_parse(text, &armed.fault, 1, &parsed, error))
        return false;
    if (parsed != 1 || armed.fault.rate < 1.0 || strchr(text, '.'))
        return error_set(error, ERROR_REJECT, "fault: one, without target and rate");
    if ((target == FAULT_TARGET_WEBHOOK) != armed.fault.on_target[FAULT_TARGET_WEBHOOK])
        return error_set(error, ERROR_REJECT, "fault %s: not a fault of target %s", text,
                         fault_target_text(target));
    if (count < 1 || count > FAULT_COUNT_MAX)
        return error_set(error, ERROR_REJECT, "count: 1 to %d", FAULT_COUNT_MAX);
    if (faults->armed_count == FAULTS_ARMED_MAX)
        return error_set(error, ERROR_REJECT, "at most %d faults are armed at a time",
                         FAULTS_ARMED_MAX);
    for (size_t i = 0; i < TARGETS; i++)
        armed.fault.on_target[i] = i == target;
    size_t length = strnlen(payment_id, IDENT_BYTES_MAX);
    memcpy(armed.payment_id, payment_id, length);
    faults->armed[faults->armed_count++] = armed;
    return true;
}

void faults_clear(struct faults *faults)
{
    faults->armed_count = 0;
}

static double random_draw(struct faults *faults)
{
    uint64_t z = (faults->random += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0; /* 2^53 */
}

/* The oldest armed fault for this target and payment, used up by one; NULL = none. */
static bool armed_take(struct faults *faults, enum fault_target target, const char *payment_id,
                       struct fault *ret_fault)
{
    for (size_t i = 0; i < faults->armed_count; i++) {
        struct faults_armed *armed = &faults->armed[i];
        if (!armed->fault.on_target[target] ||
            (armed->payment_id[0] != '\0' && strcmp(armed->payment_id, payment_id) != 0))
            continue;
        *ret_fault = armed->fault;
        if (--armed->left == 0) {
            faults->armed_count--;
            memmove(armed, armed + 1, (faults->armed_count - i) * sizeof *armed);
        }
        return true;
    }
    return false;
}

/* Every configured fault of the target draws, whether it is needed or not: which faults a call
 * meets then depends on the seed and its number only. */
static size_t configured_draw(struct faults *faults, enum fault_target target,
                              struct fault ret_faults[FAULTS_CONFIGURED_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < faults->configured_count; i++) {
        const struct fault *fault = &faults->configured[i];
        if (fault->on_target[target] && random_draw(faults) < fault->rate)
            ret_faults[count++] = *fault;
    }
    return count;
}

static bool header_read(const char *text, struct fault ret_faults[FAULTS_CONFIGURED_MAX],
                        size_t *ret_count, struct error *error)
{
    *ret_count = 0;
    return !text || fault_list_parse(text, ret_faults, FAULTS_CONFIGURED_MAX, ret_count, error);
}

bool faults_draw_call(struct faults *faults, enum fault_target target, const char *payment_id,
                      const char *header_text, struct fault *ret_fault, struct error *error)
{
    struct fault header[FAULTS_CONFIGURED_MAX], configured[FAULTS_CONFIGURED_MAX];
    size_t header_count = 0;
    assert(target != FAULT_TARGET_WEBHOOK);
    if (!header_read(header_text, header, &header_count, error))
        return false;
    size_t configured_count = configured_draw(faults, target, configured);
    *ret_fault = (struct fault){ .kind = FAULT_NONE };
    for (size_t i = 0; i < header_count; i++) {
        if (header[i].on_target[target] &&
            (header[i].rate >= 1.0 || random_draw(faults) < header[i].rate)) {
            *ret_fault = header[i];
            return true;
        }
    }
    if (!armed_take(faults, target, payment_id, ret_fault) && configured_count > 0)
        *ret_fault = configured[0];
    return true;
}

static void webhook_fault_add(const struct fault *fault, struct webhook_faults *faults)
{
    switch (fault->kind) {
    case FAULT_DUPLICATE:
        faults->copies = fault->argument;
        break;
    case FAULT_OUT_OF_ORDER:
        faults->is_held = true;
        break;
    case FAULT_LATE:
        faults->late_ms = fault->argument;
        break;
    case FAULT_FORGED:
        faults->is_forged = true;
        break;
    case FAULT_DROP:
        faults->is_dropped = true;
        break;
    case FAULT_NONE:
    case FAULT_REFUSE:
    case FAULT_DELAY:
    case FAULT_TIMEOUT_AFTER:
    case FAULT_TIMEOUT_BEFORE:
    case FAULT_5XX:
    case FAULT_5XX_AFTER:
    case FAULT_429:
    case FAULT_HTTP:
    case FAULT_HTML:
        assert(false && "a fault of calls");
        break;
    }
}

bool faults_draw_webhook(struct faults *faults, const char *payment_id, const char *header_text,
                         struct webhook_faults *ret_faults, struct error *error)
{
    struct fault header[FAULTS_CONFIGURED_MAX], configured[FAULTS_CONFIGURED_MAX], armed;
    size_t header_count = 0;
    if (!header_read(header_text, header, &header_count, error))
        return false;
    *ret_faults = (struct webhook_faults){ .copies = 1 };
    size_t count = configured_draw(faults, FAULT_TARGET_WEBHOOK, configured);
    for (size_t i = 0; i < count; i++)
        webhook_fault_add(&configured[i], ret_faults);
    if (armed_take(faults, FAULT_TARGET_WEBHOOK, payment_id, &armed))
        webhook_fault_add(&armed, ret_faults);
    for (size_t i = 0; i < header_count; i++)
        if (header[i].on_target[FAULT_TARGET_WEBHOOK] &&
            (header[i].rate >= 1.0 || random_draw(faults) < header[i].rate))
            webhook_fault_add(&header[i], ret_faults);
    return true;
}

bool fault_target_parse(const char *text, enum fault_target *ret_target)
{
    return target_find(text, strlen(text), ret_target);
}

const char *fault_target_text(enum fault_target target)
{
    return target_texts[target];
}

const char *fault_kind_text(enum fault_kind kind)
{
    for (size_t i = 0; i < COUNT(forms); i++)
        if (forms[i].kind == kind)
            return forms[i].text;
    assert(false && "every kind has its form");
    return "";
}
