/* sim_plan.c - what clients and the provider are going to say in a schedule: they repeat
 * themselves, contradict themselves, and act for strangers. */
#include "payment/unnamed.h"
#include "sim/random/sim_schedule.h"
#include "sim/world/sim.h"
#include "sim/world/sim_story.h"
#include "sim/world/sim_words.h"

#include <string.h>

/* Instead of a provider's 24 hours; longer than a call may be under way. */
#define KEYS_KEPT_MS   60000
#define DAY_MS         (INT64_C(24) * 3600 * 1000)
#define UNNAMED        80  /* per 1000 payments */
#define CROWDS         300 /* per 1000 bookings of large worlds */
#define CROWD_MS_MIN   30000
#define CROWD_MS_MAX   90000
#define FOREIGN        20 /* per 1000 bookings */
#define FOREIGN_MS_MAX 20000

/* Within a word or two of the truth. */
static int64_t amount_near(struct sim *sim, int64_t amount)
{
    return sim_random_chance(&sim->random, 150)
               ? amount + (sim_random_chance(&sim->random, 500) ? 1 : -1)
               : amount;
}

static void currency_near(struct sim *sim, char currency[CURRENCY_SIZE])
{
    snprintf(currency, CURRENCY_SIZE, "%s", sim_random_chance(&sim->random, 70) ? "USD" : "EUR");
}

static void intents_plan(struct sim *sim, size_t at)
{
    const struct sim_booking *booking = &sim->bookings[at];
    int64_t count =
        sim_random_chance(&sim->random, 850) ? sim_random_between(&sim->random, 1, 3) : 0;
    for (int64_t i = 0; i < count; i++) {
        struct sim_op *op = sim_op_add(sim, OP_INTENT, at, 0);
        if (op == NULL)
            return;
        bool is_other = sim_random_chance(&sim->random, 100);
        memcpy(op->content.intent.user_id, booking->user_id, USER_SIZE);
        if (is_other && sim_random_chance(&sim->random, 500))
            snprintf(op->content.intent.user_id, USER_SIZE, "stranger");
        snprintf(op->content.intent.currency, CURRENCY_SIZE, "EUR");
        op->content.intent.amount = booking->amount + (is_other ? 7 : 0);
    }
    while (sim_random_chance(&sim->random, 200)) {
        struct sim_op *op = sim_op_add(sim, OP_CANCEL, at, 0);
        if (op == NULL)
            return;
        snprintf(op->content.cancel.user_id, USER_SIZE, "%s",
                 !sim_random_chance(&sim->random, 300)  ? booking->user_id
                 : sim_random_chance(&sim->random, 500) ? "stranger"
                                                        : "");
    }
}

static void capture_add(struct sim *sim, size_t at, size_t payment_at)
{
    struct sim_op *op = sim_op_add(sim, OP_CAPTURE, at, payment_at);
    if (op != NULL)
        op->content.payment = sim->payments[payment_at].content;
    /* One payment id for two bookings, or with other money: the first binding wins. */
    if (op == NULL || sim->payments[payment_at].first_id[0] != '\0' ||
        !sim_random_chance(&sim->random, 60))
        return;
    op->must_reach = false;
    if (sim_random_chance(&sim->random, 500))
        op->content.payment.amount += 100;
    else
        memcpy(op->content.payment.intent_id,
               sim->bookings[sim_random_below(&sim->random, sim->booking_count)].id, IDENT_SIZE);
}

/* Its capture is announced by somebody else before the payment service has stored it. Only where
 * all captures of it say the same, and one is sure to arrive. */
static void early_plan(struct sim *sim, size_t at, size_t payment_at)
{
    const struct sim_payment *payment = &sim->payments[payment_at];
    size_t count = 0;
    for (size_t i = 0; i < sim->op_count; i++) {
        const struct sim_op *op = &sim->ops[i];
        if (op->kind <= OP_CANCEL || op->payment != payment_at)
            continue;
        count += op->must_reach;
        if (memcmp(&op->content.payment, &payment->content, sizeof payment->content) != 0)
            return;
    }
    if (count > 0)
        (void)sim_op_add(sim, OP_ANNOUNCE, at, payment_at);
}

/* Its caller has no payment ids. False: its booking has the very same payment already. */
static bool id_leave_out(struct sim *sim, struct sim_payment *payment)
{
    char own_id[UUID_TEXT_SIZE];
    char first_id[UUID_TEXT_SIZE];
    payment_unnamed_capture_own(&payment->content, own_id);
    for (size_t i = 0; i < sim->payment_count; i++)
        if (strcmp(sim->payments[i].id, own_id) == 0)
            return false;
    payment_unnamed_capture_first(payment->content.intent_id, first_id);
    memset(payment->id, 0, sizeof payment->id);
    memcpy(payment->id, own_id, sizeof own_id);
    memcpy(payment->first_id, first_id, sizeof first_id);
    return true;
}

/* Whether all that is said of it agrees with what the provider has, and is sure to be heard. */
static void plain_plan(struct sim *sim, size_t payment_at)
{
    struct sim_payment *payment = &sim->payments[payment_at];
    bool is_plain = true;
    bool must_reach = false;
    for (size_t i = 0; i < sim->op_count; i++) {
        const struct sim_op *op = &sim->ops[i];
        if (op->kind != OP_CAPTURE || op->payment != payment_at)
            continue;
        is_plain &= memcmp(&op->content.payment, &payment->content, sizeof payment->content) == 0;
        must_reach |= op->must_reach;
    }
    payment->is_plain = is_plain && must_reach && payment->first_id[0] == '\0';
    payment->captured = payment->is_plain ? payment->content.amount : 0;
}

static void payment_plan(struct sim *sim, size_t at, bool is_strangers)
{
    const struct sim_booking *booking = &sim->bookings[at];
    size_t payment_at = sim->payment_count;
    if (payment_at == SIM_PAYMENTS_MAX)
        return;
    struct sim_payment *payment = &sim->payments[sim->payment_count++];
    memset(payment, 0, sizeof *payment);
    struct payment_payload *content = &payment->content;
    snprintf(payment->id, sizeof payment->id, "p%zu", payment_at + 1);
    memcpy(content->intent_id, booking->id, sizeof content->intent_id);
    memcpy(content->user_id, booking->user_id, sizeof content->user_id);
    if (is_strangers || sim_random_chance(&sim->random, 120))
        snprintf(content->user_id, sizeof content->user_id, "stranger");
    content->amount = amount_near(sim, booking->amount);
    currency_near(sim, content->currency);
    payment->is_refused = sim_fault(sim, FAULT_REFUSE);
    if (sim_random_chance(&sim->random, UNNAMED) && id_leave_out(sim, payment)) {
        capture_add(sim, at, payment_at);
        return;
    }
    if (sim_random_chance(&sim->random, 120)) {
        struct sim_op *op = sim_op_add(sim, OP_DECLINE, at, payment_at);
        if (op != NULL) {
            op->content.payment = *content;
            op->content.payment.amount = 0;
            snprintf(op->content.payment.reason, REASON_SIZE, "card_declined");
            op->content.payment.is_final = sim_random_chance(&sim->random, 300);
            if (sim_random_chance(&sim->random, 150))
                memset(op->content.payment.user_id, 0, USER_SIZE); /* it names nobody */
        }
        if (sim_random_chance(&sim->random, 700))
            return; /* it stays declined */
    }
    capture_add(sim, at, payment_at);
    while (sim_random_chance(&sim->random, 250))
        capture_add(sim, at, payment_at);
    plain_plan(sim, payment_at);
    if (sim_fault(sim, FAULT_EARLY))
        early_plan(sim, at, payment_at);
}

static void ops_delay(struct sim *sim, size_t first, int64_t not_before_ms)
{
    for (size_t i = first; i < sim->op_count; i++)
        sim->ops[i].not_before_ms = not_before_ms;
}

/* More strangers than there are places pay before the intent is known, and then the payer. */
static void crowd_plan(struct sim *sim, size_t at)
{
    int64_t intent_ms = sim->now_ms + sim_random_between(&sim->random, CROWD_MS_MIN, CROWD_MS_MAX);
    size_t first = sim->op_count;
    intents_plan(sim, at);
    ops_delay(sim, first, intent_ms);
    for (int i = 0; i < BOOKING_PAYMENTS_MAX + 1; i++)
        payment_plan(sim, at, true);
    first = sim->op_count;
    payment_plan(sim, at, false);
    ops_delay(sim, first, intent_ms - sim_random_between(&sim->random, 0, CROWD_MS_MIN / 2));
}

static void late_cancel_plan(struct sim *sim, size_t at, const char *user_id, int64_t not_before_ms)
{
    struct sim_op *op = sim_op_add(sim, OP_CANCEL, at, 0);
    if (op == NULL)
        return;
    snprintf(op->content.cancel.user_id, USER_SIZE, "%s", user_id);
    op->not_before_ms = not_before_ms;
}

/* Its intent comes past the gateway, which hears of its outcome all the same; then a stranger wants
 * it cancelled, and its owner. */
static void foreign_plan(struct sim *sim, size_t at)
{
    struct sim_booking *booking = &sim->bookings[at];
    struct sim_op *op = sim_op_add(sim, OP_FOREIGN, at, SIM_PAYMENTS_MAX);
    if (op == NULL)
        return;
    booking->is_foreign = true;
    snprintf(op->content.intent.user_id, USER_SIZE, "%s", booking->user_id);
    snprintf(op->content.intent.currency, CURRENCY_SIZE, "EUR");
    op->content.intent.amount = booking->amount;
    payment_plan(sim, at, false);
    int64_t at_ms = sim->now_ms + sim_random_between(&sim->random, 1, FOREIGN_MS_MAX);
    late_cancel_plan(sim, at, "stranger", at_ms);
    if (sim_random_chance(&sim->random, 700))
        late_cancel_plan(sim, at, booking->user_id,
                         at_ms + sim_random_between(&sim->random, 0, FOREIGN_MS_MAX));
}

void sim_clients_plan(struct sim *sim)
{
    /* A worker that freezes between its decision and its call for longer than a key is kept cannot
     * be told from a new call: with a day that does not happen, with a minute it would. */
    if (sim->rates[FAULT_FREEZE] == 0 && sim_fault(sim, FAULT_KEYS_EXPIRE))
        sim->keys_kept_ms = KEYS_KEPT_MS;
    if (sim->rates[FAULT_RESTORE] > 0)
        sim->keys_kept_ms = DAY_MS; /* as long as the payment service relies on it */
    static const int64_t counts[] = { 0, 1, 1, 1, 2, 3 };
    static const int64_t bookings_max[SIM_SIZE_COUNT] = { 1, 2, SIM_BOOKINGS_MAX };
    sim->booking_count = (size_t)sim_random_between(&sim->random, 1, bookings_max[sim->size]);
    for (size_t i = 0; i < sim->booking_count; i++) {
        struct sim_booking *booking = &sim->bookings[i];
        memset(booking, 0, sizeof *booking);
        snprintf(booking->id, sizeof booking->id, "b%zu", i + 1);
        snprintf(booking->user_id, sizeof booking->user_id, "u%zu", i + 1);
        booking->amount = sim_random_between(&sim->random, 2, 100000);
    }
    for (size_t i = 0; i < sim->booking_count; i++) {
        if (sim->size == SIM_LARGE && sim_random_chance(&sim->random, CROWDS)) {
            crowd_plan(sim, i);
            continue;
        }
        if (sim_random_chance(&sim->random, FOREIGN)) {
            foreign_plan(sim, i);
            continue;
        }
        intents_plan(sim, i);
        int64_t count =
            sim->size == SIM_LARGE && sim_random_chance(&sim->random, 50)
                ? 20 /* more than a booking stores */
                : counts[sim_random_below(&sim->random, sim->size == SIM_SMALL ? 5 : 6)];
        while (count-- > 0)
            payment_plan(sim, i, false);
    }
}
