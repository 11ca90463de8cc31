/* exhaust_plans.c - the worlds that are explored completely, from small to large. All have one
 * booking. Where a plan lists an operation twice, its client sends it twice. */
#include "sim/exhaustive/exhaust.h"

#include <string.h>

/* clang-format off */
#define INTENT       { .kind = OP_INTENT }
#define OTHER_INTENT { .kind = OP_INTENT, .is_short = true }
#define CANCEL       { .kind = OP_CANCEL }
#define CAPTURE      { .kind = OP_CAPTURE }
#define SHORT        { .kind = OP_CAPTURE, .is_short = true }
#define SECOND       { .kind = OP_CAPTURE, .payment = 1 }
#define STRANGER     { .kind = OP_CAPTURE, .payment = 1, .is_stranger = true }
#define TRY          { .kind = OP_DECLINE }
#define DECLINE      { .kind = OP_DECLINE, .is_final = true }

/* by role: which of them has two processes */
#define EACH_ONCE     { [SIM_GATEWAY] = 1, [SIM_BOOKING] = 1, [SIM_PAYMENT] = 1 }
#define GATEWAY_TWICE { [SIM_GATEWAY] = 2, [SIM_BOOKING] = 1, [SIM_PAYMENT] = 1 }
#define BOOKING_TWICE { [SIM_GATEWAY] = 1, [SIM_BOOKING] = 2, [SIM_PAYMENT] = 1 }
#define PAYMENT_TWICE { [SIM_GATEWAY] = 1, [SIM_BOOKING] = 1, [SIM_PAYMENT] = 2 }

const struct exhaust_plan exhaust_plans[] = {
    { .name = "paid", .op_count = 2, .ops = { INTENT, CAPTURE },
      .workers = EACH_ONCE, .batch_max = 1 },
    { .name = "batched", .op_count = 2, .ops = { INTENT, CAPTURE },
      .workers = EACH_ONCE, .batch_max = 3 },
    { .name = "short", .op_count = 2, .ops = { INTENT, SHORT },
      .workers = EACH_ONCE, .batch_max = 1 },
    { .name = "second-intent", .op_count = 3, .ops = { INTENT, OTHER_INTENT, CAPTURE },
      .workers = EACH_ONCE, .batch_max = 1 },
    { .name = "second-payment", .op_count = 3, .ops = { INTENT, CAPTURE, SECOND },
      .workers = EACH_ONCE, .batch_max = 1 },
    { .name = "stranger", .op_count = 3, .ops = { INTENT, CAPTURE, STRANGER },
      .workers = EACH_ONCE, .batch_max = 1 },
    { .name = "duplicates", .op_count = 4, .ops = { INTENT, INTENT, CAPTURE, CAPTURE },
      .workers = EACH_ONCE, .batch_max = 1, .duplicates = 1 },
    { .name = "declined", .op_count = 3, .ops = { INTENT, DECLINE, CAPTURE },
      .workers = EACH_ONCE, .batch_max = 1 },
    { .name = "second-card", .op_count = 3, .ops = { INTENT, TRY, SECOND },
      .workers = EACH_ONCE, .batch_max = 1 },
    { .name = "cancelled", .op_count = 3, .ops = { INTENT, CANCEL, CAPTURE },
      .workers = EACH_ONCE, .batch_max = 1 },
    { .name = "two-workers", .op_count = 2, .ops = { INTENT, CAPTURE },
      .workers = BOOKING_TWICE, .batch_max = 1 },
    { .name = "crash", .op_count = 2, .ops = { INTENT, CAPTURE },
      .workers = EACH_ONCE, .batch_max = 1, .crashes = 1 },
    { .name = "crash-lazy", .op_count = 2, .ops = { INTENT, CAPTURE },
      .workers = EACH_ONCE, .batch_max = 1, .crashes = 1, .is_lazy = true },
    { .name = "no-writes", .op_count = 2, .ops = { INTENT, CAPTURE },
      .workers = EACH_ONCE, .batch_max = 1, .unwritten = 2 },
    { .name = "full-queue", .op_count = 2, .ops = { INTENT, CAPTURE },
      .workers = EACH_ONCE, .batch_max = 1, .refusals = 1 },
    { .name = "lost-binding", .op_count = 3, .ops = { INTENT, CAPTURE, SECOND },
      .workers = EACH_ONCE, .batch_max = 1, .misses = 1 },
    { .name = "clock-set", .op_count = 2, .ops = { INTENT, CAPTURE },
      .workers = EACH_ONCE, .batch_max = 1, .jumps = 1 },
    { .name = "refund-faults", .op_count = 2, .ops = { INTENT, SHORT },
      .workers = EACH_ONCE, .batch_max = 1, .faults = 2 },
    { .name = "refund-crash", .op_count = 2, .ops = { INTENT, SHORT },
      .workers = EACH_ONCE, .batch_max = 1, .crashes = 1, .faults = 1 },
    { .name = "deadline", .op_count = 2, .ops = { INTENT, CAPTURE },
      .workers = EACH_ONCE, .batch_max = 1, .ticks = 1 },
    { .name = "two-workers-crash", .op_count = 2, .ops = { INTENT, CAPTURE },
      .workers = BOOKING_TWICE, .batch_max = 1, .crashes = 1 },
    { .name = "two-crashes", .op_count = 2, .ops = { INTENT, CAPTURE },
      .workers = EACH_ONCE, .batch_max = 1, .crashes = 2 },
    { .name = "deadline-crash", .op_count = 2, .ops = { INTENT, CAPTURE },
      .workers = EACH_ONCE, .batch_max = 1, .ticks = 1, .crashes = 1 },
    { .name = "cancelled-crash", .op_count = 3, .ops = { INTENT, CANCEL, CAPTURE },
      .workers = BOOKING_TWICE, .batch_max = 1, .crashes = 1, .duplicates = 1 },
    { .name = "declined-crash", .op_count = 3, .ops = { INTENT, DECLINE, CAPTURE },
      .workers = BOOKING_TWICE, .batch_max = 1, .crashes = 1, .duplicates = 1 },
    { .name = "second-payment-crash", .op_count = 3, .ops = { INTENT, CAPTURE, SECOND },
      .workers = BOOKING_TWICE, .batch_max = 1, .crashes = 1, .duplicates = 1 },
    { .name = "two-workers-duplicates", .op_count = 4, .ops = { INTENT, INTENT, CAPTURE, CAPTURE },
      .workers = BOOKING_TWICE, .batch_max = 1, .duplicates = 1, .crashes = 1 },
    { .name = "two-gateways", .op_count = 3, .ops = { INTENT, INTENT, CAPTURE },
      .workers = GATEWAY_TWICE, .batch_max = 1, .duplicates = 1, .crashes = 1 },
    { .name = "two-refunders", .op_count = 3, .ops = { INTENT, SHORT, SHORT },
      .workers = PAYMENT_TWICE, .batch_max = 1, .duplicates = 1, .crashes = 1 },
    { .name = "no-writes-refund", .op_count = 2, .ops = { INTENT, SHORT },
      .workers = EACH_ONCE, .batch_max = 1, .unwritten = 2, .crashes = 1 },
    { .name = "full-queue-cancel", .op_count = 3, .ops = { INTENT, CAPTURE, CANCEL },
      .workers = EACH_ONCE, .batch_max = 1, .refusals = 2 },
    { .name = "lost-binding-cancel", .op_count = 3, .ops = { INTENT, CAPTURE, CANCEL },
      .workers = EACH_ONCE, .batch_max = 1, .misses = 2 },
    { .name = "clock-set-twice", .op_count = 2, .ops = { INTENT, CAPTURE },
      .workers = EACH_ONCE, .batch_max = 1, .jumps = 2 },
    { .name = "clock-set-deadline", .op_count = 2, .ops = { INTENT, CAPTURE },
      .workers = EACH_ONCE, .batch_max = 1, .ticks = 1, .jumps = 1 },
    { .name = "deadline-two-workers", .op_count = 2, .ops = { INTENT, CAPTURE },
      .workers = BOOKING_TWICE, .batch_max = 1, .ticks = 1, .crashes = 1 },
    { .name = "refund-deep", .op_count = 2, .ops = { INTENT, SHORT },
      .workers = PAYMENT_TWICE, .batch_max = 1, .crashes = 2, .faults = 2, .duplicates = 1 },
    { .name = "deep", .op_count = 4, .ops = { INTENT, INTENT, CAPTURE, CAPTURE },
      .workers = BOOKING_TWICE, .batch_max = 1, .crashes = 2, .duplicates = 2 },
    { .name = "deep-lazy", .op_count = 4, .ops = { INTENT, INTENT, CAPTURE, CAPTURE },
      .workers = BOOKING_TWICE, .batch_max = 2, .crashes = 2, .duplicates = 2, .is_lazy = true },
    { .name = "deadline-deep", .op_count = 4, .ops = { INTENT, INTENT, CAPTURE, CAPTURE },
      .workers = BOOKING_TWICE, .batch_max = 1, .crashes = 2, .duplicates = 2, .ticks = 1 },
    { .name = "deepest", .op_count = 4, .ops = { INTENT, CANCEL, CAPTURE, SECOND },
      .workers = BOOKING_TWICE, .batch_max = 1, .crashes = 2, .duplicates = 4, .ticks = 2,
      .faults = 1 },
};
/* clang-format on */
const size_t exhaust_plan_count = sizeof exhaust_plans / sizeof exhaust_plans[0];

const struct exhaust_plan *exhaust_plan_find(const char *name)
{
    for (size_t i = 0; i < exhaust_plan_count; i++)
        if (strcmp(exhaust_plans[i].name, name) == 0)
            return &exhaust_plans[i];
    return NULL;
}
