/* show_text.c - a dossier for people. */
#include "cli/commands/show.h"
#include "cli/commands/why.h"
#include "cli/screen/text.h"

#include <inttypes.h>
#include <string.h>

#define LABEL_WIDTH 10

static void label(const struct cli *cli, const char *text)
{
    text_print(cli->out, cli->has_colours, COLOUR_FAINT, "%-*s", LABEL_WIDTH, text);
}

static const char *reason_of(const struct dossier *dossier)
{
    const struct booking *booking = dossier_booking(dossier);
    return booking != NULL ? booking_reason_text(booking->reason) : dossier->seen.end.reason;
}

static void state_print(const struct cli *cli, const struct dossier *dossier)
{
    const char *state = dossier_state(dossier);
    const char *reason = reason_of(dossier);
    const char *shown = gateway_state_text(gateway_state(&dossier->seen));
    label(cli, "state");
    text_print(cli->out, cli->has_colours, text_state_colour(state), "%s", state);
    if (reason[0] != '\0')
        fprintf(cli->out, " (%s)", reason);
    if (dossier->booking != NULL && strcmp(shown, state) != 0)
        fprintf(cli->out, "; the gateway shows %s", shown);
    if (gateway_cancel_is_pending(&dossier->seen))
        fputs("; a cancel is requested", cli->out);
    fputc('\n', cli->out);
}

static void intent_print(const struct cli *cli, const struct dossier *dossier)
{
    const struct booking *booking = dossier_booking(dossier);
    const struct gateway_intent *intent = &dossier->seen.intent;
    char money[TEXT_MONEY_SIZE];
    label(cli, "intent");
    if (intent->is_present) {
        text_money(intent->amount, intent->currency, money);
        fprintf(cli->out, "%s by %s\n", money, intent->user_id);
    } else if (booking != NULL && booking->has_intent) {
        text_money(booking->amount, booking->currency, money);
        fprintf(cli->out, "%s by %s\n", money, booking->user_id);
    } else {
        fputs("none has been seen\n", cli->out);
    }
}

static void others_print(const struct cli *cli, const struct dossier *dossier)
{
    for (size_t i = 0; i < dossier->other_count; i++) {
        label(cli, dossier->others[i].service->name);
        fprintf(cli->out, "%s\n", dossier->others[i].state);
    }
}

static void trace_print(const struct cli *cli, const struct dossier *dossier)
{
    label(cli, "trace");
    fputs(dossier->trace_id, cli->out);
    if (cli->settings.jaeger_url[0] != '\0')
        fprintf(cli->out, "  %s/trace/%s", cli->settings.jaeger_url, dossier->trace_id);
    else
        fprintf(cli->out, "  (roundtrip trace %s)", dossier->booking_id);
    fputc('\n', cli->out);
}

static void refund_text(const struct payment *state, const struct booking_payment *listed,
                        char *text, size_t size)
{
    const char *reason = state != NULL && state->refund_reason[0] != '\0' ? state->refund_reason
                         : listed != NULL ? booking_reason_text(listed->refund_reason)
                                          : "";
    text[0] = '\0';
    if (state == NULL)
        snprintf(text, size, "%s", reason);
    else if (state->refund_id[0] != '\0')
        snprintf(text, size, "%s%s%s", reason, reason[0] != '\0' ? ", " : "", state->refund_id);
    else if (state->attempts > 0)
        snprintf(text, size, "%s%s%" PRId32 " attempts%s%s", reason, reason[0] != '\0' ? ", " : "",
                 state->attempts, state->last_error[0] != '\0' ? ", " : "", state->last_error);
    else
        snprintf(text, size, "%s", reason);
}

static void payments_print(const struct cli *cli, const struct dossier *dossier)
{
    static const char *const heads[] = { "payment",         "#amount", "user",
                                         "!in the booking", "!state",  "refund" };
    struct table table;
    if (dossier->payment_count == 0)
        return;
    table_start(&table, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < dossier->payment_count; i++) {
        const struct dossier_payment *payment = &dossier->payments[i];
        const struct payment *state = dossier_payment_state(payment);
        const struct booking_payment *listed = payment->in_the_booking;
        char money[TEXT_MONEY_SIZE] = "-";
        char refund[256];
        if (state != NULL && state->amount > 0)
            text_money(state->amount, state->currency, money);
        else if (listed != NULL)
            text_money(listed->amount, listed->currency, money);
        refund_text(state, listed, refund, sizeof refund);
        table_add(&table, "%s", payment->id);
        table_add(&table, "%s", money);
        table_add(&table, "%s",
                  state != NULL    ? state->user_id
                  : listed != NULL ? listed->user_id
                                   : "-");
        table_add(&table, "%s",
                  listed != NULL ? booking_disposition_text(listed->disposition) : "-");
        table_add(&table, "%s", state != NULL ? payment_state_text(state->state) : "unknown");
        table_add(&table, "%s", refund);
    }
    fputc('\n', cli->out);
    table_print(&table, cli->out, cli->has_colours);
    table_done(&table);
}

/* The one refund of a payment is told beside it. */
static bool refunds_are_told(const struct payment *state)
{
    return state == NULL || state->refunds.count == 0 ||
           (state->refunds.count == 1 && strcmp(state->refunds.list[0].id, state->refund_id) == 0);
}

/* What came back piece by piece, or by hand, be the payment applied or not. */
static void refunds_print(const struct cli *cli, const struct dossier *dossier)
{
    static const char *const heads[] = { "refund", "payment", "#amount", "!state" };
    struct table table;
    table_start(&table, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < dossier->payment_count; i++) {
        const struct payment *state = dossier_payment_state(&dossier->payments[i]);
        if (refunds_are_told(state))
            continue;
        for (int32_t j = 0; j < state->refunds.count; j++) {
            const struct payment_refund *refund = &state->refunds.list[j];
            char money[TEXT_MONEY_SIZE] = "-";
            if (refund->amount > 0)
                text_money(refund->amount, refund->currency, money);
            table_add(&table, "%s", refund->id);
            table_add(&table, "%s", dossier->payments[i].id);
            table_add(&table, "%s", money);
            table_add(&table, "%s", payment_standing_text(refund->standing));
        }
    }
    if (table.first != NULL) {
        fputc('\n', cli->out);
        table_print(&table, cli->out, cli->has_colours);
    }
    table_done(&table);
}

static void step_print(const struct cli *cli, const struct step *step, int64_t first_ms)
{
    const struct history_entry *entry = step->entry;
    char at[TEXT_TIME_SIZE];
    char after[TEXT_DURATION_SIZE];
    char input[MESSAGE_TYPE_SIZE];
    text_time_of_day(step->at_ms, at);
    text_duration(step->at_ms - first_ms, after);
    snprintf(input, sizeof input, "%s", entry->input_type);
    fprintf(cli->out, "%s  +%-12s %-8s %-26s ", at, after, step->service, text_clean(input));
    text_print(cli->out, cli->has_colours, text_state_colour(entry->verdict), "%-10s",
               entry->verdict);
    if (strcmp(entry->state_from, entry->state_to) == 0) {
        fprintf(cli->out, " %s", entry->state_to);
    } else {
        fprintf(cli->out, " %s → ", entry->state_from);
        text_print(cli->out, cli->has_colours, text_state_colour(entry->state_to), "%s",
                   entry->state_to);
    }
    if (strcmp(step->service, "payment") == 0)
        fprintf(cli->out, "  %s", step->document_id);
    if (step->times > 1) {
        text_duration(step->last_ms - first_ms, after);
        fprintf(cli->out, "  ×%d, last +%s", step->times, after);
    }
    fputc('\n', cli->out);
}

void show_steps(const struct cli *cli, const struct timeline *timeline, size_t printed)
{
    for (size_t i = printed; i < timeline->count; i++)
        step_print(cli, &timeline->steps[i], timeline->steps[0].at_ms);
}

static void timeline_print(const struct cli *cli, const struct timeline *timeline)
{
    char day[TEXT_TIME_SIZE];
    if (timeline->count == 0)
        return;
    text_time(timeline->steps[0].at_ms, day);
    fputc('\n', cli->out);
    text_print(cli->out, cli->has_colours, COLOUR_FAINT, "%.10s\n", day);
    show_steps(cli, timeline, 0);
    if (timeline->not_remembered > 0)
        fprintf(cli->out, "and %" PRId64 " more that were only counted\n",
                timeline->not_remembered);
}

void show_end(const struct cli *cli, const struct dossier *dossier, int64_t now_ms)
{
    char why[WHY_SIZE];
    fputc('\n', cli->out);
    state_print(cli, dossier);
    payments_print(cli, dossier);
    refunds_print(cli, dossier);
    why_write(dossier, now_ms, why);
    if (why[0] != '\0')
        fprintf(cli->out, "\n%s\n", why);
}

void show_text(const struct cli *cli, const struct dossier *dossier,
               const struct timeline *timeline, int64_t now_ms)
{
    char why[WHY_SIZE];
    label(cli, "booking");
    text_print(cli->out, cli->has_colours, COLOUR_BOLD, "%s\n", dossier->booking_id);
    state_print(cli, dossier);
    intent_print(cli, dossier);
    others_print(cli, dossier);
    trace_print(cli, dossier);
    for (size_t i = 0; i < dossier->note_count; i++) {
        label(cli, "note");
        fprintf(cli->out, "%s\n", dossier->notes[i]);
    }
    why_write(dossier, now_ms, why);
    if (why[0] != '\0') {
        label(cli, "why");
        text_print(cli->out, cli->has_colours, COLOUR_WAITING, "%s\n", why);
    }
    payments_print(cli, dossier);
    refunds_print(cli, dossier);
    timeline_print(cli, timeline);
}
