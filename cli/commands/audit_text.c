/* audit_text.c - the report for people. */
#include "cli/commands/audit_print.h"
#include "cli/screen/text.h"

#include <inttypes.h>

static void sums_print(const struct cli *cli, const struct audit_report *report)
{
    static const char *const heads[] = { "sums",    "#captured", "#applied", "#refunded",
                                         "#byHand", "#inFlight", "#stuck",   "#wrong" };
    static const enum audit_verdict columns[] = { AUDIT_IS_APPLIED,  AUDIT_IS_REFUNDED,
                                                  AUDIT_IS_RESOLVED, AUDIT_IS_IN_FLIGHT,
                                                  AUDIT_IS_STUCK,    AUDIT_IS_WRONG };
    struct table table;
    table_start(&table, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < report->currency_count; i++) {
        const struct audit_sums *sums = &report->sums[i];
        char text[TEXT_MONEY_SIZE];
        table_add(&table, "%s", sums->currency);
        text_money(sums->captured, sums->currency, text);
        table_add(&table, "%s", text);
        for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++) {
            text_money(sums->by_verdict[columns[k]], sums->currency, text);
            table_add(&table, "%s", text);
        }
    }
    if (report->currency_count > 0)
        table_print(&table, cli->out, cli->has_colours);
    table_done(&table);
}

static void items_print(const struct cli *cli, const struct audit_report *report,
                        enum audit_verdict verdict, const char *title, size_t limit)
{
    static const char *const heads[] = {
        "what", "payment", "booking", "#amount", "#age", "detail"
    };
    const struct audit_items *items = &report->items[verdict];
    size_t shown = 0;
    struct table table;
    if (items->count == 0)
        return;
    fputc('\n', cli->out);
    text_print(cli->out, cli->has_colours,
               verdict == AUDIT_IS_IN_FLIGHT ? COLOUR_WAITING : COLOUR_BAD, "%zu %s\n",
               items->count, title);
    table_start(&table, heads, sizeof heads / sizeof heads[0]);
    for (const struct audit_item *item = items->first; item != NULL && shown < limit;
         item = item->next, shown++) {
        char money[TEXT_MONEY_SIZE] = "-";
        char age[TEXT_DURATION_SIZE] = "-";
        if (item->amount > 0)
            text_money(item->amount, item->currency, money);
        if (item->since_ms > 0)
            text_duration(report->at_ms > item->since_ms ? report->at_ms - item->since_ms : 0, age);
        table_add(&table, "%s", item->kind);
        table_add(&table, "%s", item->payment_id != NULL ? item->payment_id : "-");
        table_add(&table, "%s", item->booking_id != NULL ? item->booking_id : "-");
        table_add(&table, "%s", money);
        table_add(&table, "%s", age);
        table_add(&table, "%s", item->detail);
    }
    table_print(&table, cli->out, cli->has_colours);
    table_done(&table);
    if (shown < items->count)
        fprintf(cli->out, "and %zu more (--limit, or -o json for all)\n", items->count - shown);
}

void audit_report_print(const struct cli *cli, const struct audit_report *report, size_t limit)
{
    bool is_wrong = report->items[AUDIT_IS_WRONG].count > 0;
    text_print(cli->out, cli->has_colours, is_wrong ? COLOUR_BAD : COLOUR_GOOD, "%s\n",
               is_wrong ? "wrong" : "clean");
    fprintf(cli->out,
            "%zu payment%s captured: %zu applied, %zu refunded, %zu resolved by hand, %zu in "
            "flight, %zu stuck, %zu wrong\n",
            report->captured, report->captured == 1 ? "" : "s", report->payments[AUDIT_IS_APPLIED],
            report->payments[AUDIT_IS_REFUNDED], report->payments[AUDIT_IS_RESOLVED],
            report->payments[AUDIT_IS_IN_FLIGHT], report->payments[AUDIT_IS_STUCK],
            report->payments[AUDIT_IS_WRONG]);
    fprintf(cli->out,
            "%zu booking%s accepted: %zu confirmed, %zu failed, %zu cancelled, %zu waiting, %zu "
            "wrong\n",
            report->accepted, report->accepted == 1 ? "" : "s",
            report->by_state[AUDIT_BOOKING_CONFIRMED], report->by_state[AUDIT_BOOKING_FAILED],
            report->by_state[AUDIT_BOOKING_CANCELLED],
            report->by_state[AUDIT_BOOKING_PENDING] + report->by_state[AUDIT_BOOKING_PAYMENT_FIRST],
            report->bookings[AUDIT_IS_WRONG]);
    if (report->is_listening)
        fprintf(cli->out, "%zu events heard\n", report->events);
    fputc('\n', cli->out);
    sums_print(cli, report);
    items_print(cli, report, AUDIT_IS_WRONG, "wrong: roundtrip show BOOKING tells its life", limit);
    items_print(cli, report, AUDIT_IS_STUCK,
                "stuck: roundtrip show BOOKING tells why, roundtrip stuck is the way back", limit);
    items_print(cli, report, AUDIT_IS_IN_FLIGHT, "in flight", limit);
}
