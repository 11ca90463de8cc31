/* audit.c - roundtrip audit: the money, from outside. */
#include "booking/service.h"
#include "cli/commands/audit_print.h"
#include "cli/commands/command.h"
#include "cli/screen/json.h"
#include "cli/sources/audit_events.h"
#include "cli/sources/audit_recheck.h"
#include "common/base/clock.h"
#include "gateway/service.h"
#include "payment/service.h"

#include <inttypes.h>
#include <string.h>

#define GRACE_DEFAULT_S  60
#define GRACE_MAX_S      86400
#define LISTEN_MAX_S     86400
#define LIMIT_DEFAULT    20
#define LIMIT_MAX        1000000
#define SECOND_MS        1000
#define TRUSTING_SERVICE "service"

struct audit_options {
    const char *output;
    const char *captures;
    int64_t grace_s, events_s, limit;
    bool is_listening, is_strict, is_verbose;
};

static const struct argument audit_arguments[] = {
    ARGUMENT(INT, audit_options, grace_s, "--grace",
             "seconds that a step without a deadline may take, and a deadline be late (60)",
             .minimum = 1, .maximum = GRACE_MAX_S),
    ARGUMENT(INT, audit_options, events_s, "--events",
             "before that, listen to all events for so many seconds", .minimum = 1,
             .maximum = LISTEN_MAX_S),
    ARGUMENT(FLAG, audit_options, is_listening, "--listen", "the same, until Ctrl-C"),
    ARGUMENT(CHOICE, audit_options, captures, "--captures",
             "who says what was captured: provider, or service where webhooks are made by hand",
             .choices = "provider|" TRUSTING_SERVICE),
    ARGUMENT(INT, audit_options, limit, "--limit", "lines of each list (20); json has all",
             .letter = 'n', .minimum = 1, .maximum = LIMIT_MAX),
    ARGUMENT(FLAG, audit_options, is_strict, "--strict", "what is stuck makes the status 1 too"),
    ARGUMENT(FLAG, audit_options, is_verbose, "--verbose",
             "progress on stderr, also where it is no terminal", .letter = 'v'),
    OUTPUT_ARGUMENT(struct audit_options),
    { 0 },
};

struct audit {
    const struct audit_options *options;
    struct audit_source source;
    struct audit_facts facts;
    struct audit_report report;
    struct audit_recheck recheck;
    struct audit_terms terms;
    cJSON *sums_before, *sums_after;
};

/* Effects before their causes, so that most causes are there when their effects are: the payment
 * service before the booking service, and the provider's books last. */
static bool facts_read(struct audit *audit)
{
    struct audit_source *source = &audit->source;
    struct audit_facts *facts = &audit->facts;
    if (!audit_scan_documents(source, &payment_service, facts) ||
        !audit_scan_documents(source, &gateway_service, facts) ||
        !audit_scan_documents(source, &booking_service, facts) ||
        !audit_load_sums(source, &audit->sums_before) || !audit_scan_ledger(source, facts) ||
        !audit_load_sums(source, &audit->sums_after))
        return false;
    if (audit->recheck.trusts_service)
        audit_adopt_captures(facts);
    return true;
}

/* A refund that is stuck stays so; all else that looks bad may only have been read too early. */
static bool is_suspicious(const struct audit_opinion *opinion)
{
    return opinion->verdict == AUDIT_IS_WRONG ||
           (opinion->verdict == AUDIT_IS_STUCK && strcmp(opinion->kind, "refund_stuck") != 0);
}

static bool payments_judge(struct audit *audit)
{
    size_t judged = 0;
    for (const struct audit_payment *payment = audit->facts.first_payment;
         payment != NULL && !*audit->source.cli->is_stopped; payment = payment->next) {
        const struct audit_payment *found = payment;
        struct audit_opinion opinion;
        struct audit_facts snapshot;
        audit_facts_start(&snapshot);
        audit_judge_payment(payment, &audit->terms, &opinion);
        bool is_read = !is_suspicious(&opinion) ||
                       audit_recheck_payment(&audit->recheck, payment, &snapshot, &found, &opinion);
        if (is_read)
            audit_report_payment(&audit->report, found, &opinion);
        audit_facts_done(&snapshot);
        if (!is_read)
            return false;
        audit_progress(&audit->source, "payments judged", ++judged);
    }
    return true;
}

static bool bookings_judge(struct audit *audit)
{
    size_t judged = 0;
    for (const struct audit_booking *booking = audit->facts.first_booking;
         booking != NULL && !*audit->source.cli->is_stopped; booking = booking->next) {
        const struct audit_booking *found = booking;
        struct audit_opinion opinion;
        struct audit_facts snapshot;
        audit_facts_start(&snapshot);
        audit_judge_booking(booking, &audit->terms, &opinion);
        bool is_read = !is_suspicious(&opinion) ||
                       audit_recheck_booking(&audit->recheck, booking, &snapshot, &found, &opinion);
        if (is_read)
            audit_report_booking(&audit->report, found, &opinion);
        audit_facts_done(&snapshot);
        if (!is_read)
            return false;
        audit_progress(&audit->source, "bookings judged", ++judged);
    }
    return true;
}

/* What the single accounts add up to lies between the provider's own sums before and after. */
static void sums_judge(struct audit *audit)
{
    const cJSON *before = cJSON_GetObjectItemCaseSensitive(audit->sums_before, "currencies");
    const cJSON *after = cJSON_GetObjectItemCaseSensitive(audit->sums_after, "currencies");
    const cJSON *most;
    cJSON_ArrayForEach(most, after)
    {
        int64_t captured = 0;
        int64_t refunded = 0;
        char detail[AUDIT_DETAIL_SIZE];
        const cJSON *least = cJSON_GetObjectItemCaseSensitive(before, most->string);
        for (const struct audit_payment *payment = audit->facts.first_payment; payment != NULL;
             payment = payment->next) {
            bool is_meant = payment->account.is_known &&
                            strcmp(payment->account.captured.currency, most->string) == 0;
            captured += is_meant ? payment->account.captured.amount : 0;
            refunded += is_meant ? payment->account.refunded : 0;
        }
        if (captured >= json_int(least, "captured", 0) &&
            captured <= json_int(most, "captured", 0) &&
            refunded >= json_int(least, "refunded", 0) && refunded <= json_int(most, "refunded", 0))
            continue;
        snprintf(detail, sizeof detail,
                 "%s: the accounts add up to %" PRId64 " captured, %" PRId64
                 " refunded; the provider's own sums differ",
                 most->string, captured, refunded);
        audit_report_other(&audit->report, "ledger_sums_differ", NULL, detail);
    }
}

static enum exit_status report_print(const struct audit *audit)
{
    const struct audit_report *report = &audit->report;
    const struct audit_options *options = audit->options;
    if (output_is_json(options->output))
        audit_report_print_json(audit->source.cli, report);
    else
        audit_report_print(audit->source.cli, report,
                           options->limit > 0 ? (size_t)options->limit : LIMIT_DEFAULT);
    bool is_bad = report->items[AUDIT_IS_WRONG].count > 0 ||
                  (options->is_strict && report->items[AUDIT_IS_STUCK].count > 0);
    return is_bad ? EXIT_WRONG : EXIT_OK;
}

/* Ctrl-C that ends --listen does not end the audit; the next one ends the process. */
static bool events_hear(struct audit *audit, struct cli *cli)
{
    static const volatile sig_atomic_t never = 0;
    const struct audit_options *options = audit->options;
    if (options->events_s == 0 && !options->is_listening)
        return true;
    bool is_heard = audit_listen(cli, options->events_s * SECOND_MS, &audit->facts, &audit->report);
    if (options->events_s == 0)
        cli->is_stopped = &never;
    return is_heard;
}

static enum exit_status audit_make(struct audit *audit, struct cli *cli)
{
    if (!events_hear(audit, cli))
        return EXIT_UNAVAILABLE;
    audit->terms.now_ms = clock_wall_ms();
    audit->report.at_ms = audit->terms.now_ms;
    if (!facts_read(audit) || !payments_judge(audit) || !bookings_judge(audit) ||
        !audit_others(&audit->source, &audit->terms, &audit->report))
        return EXIT_UNAVAILABLE;
    if (*audit->source.cli->is_stopped) {
        complain("stopped before the end: nothing is said of the rest");
        return EXIT_UNAVAILABLE;
    }
    if (!audit->recheck.trusts_service)
        sums_judge(audit);
    return report_print(audit);
}

static enum exit_status audit_run(struct cli *cli, const void *self)
{
    struct audit audit = { .options = self };
    audit.terms.grace_ms =
        (audit.options->grace_s > 0 ? audit.options->grace_s : GRACE_DEFAULT_S) * SECOND_MS;
    audit.recheck = (struct audit_recheck){
        .source = &audit.source,
        .grace_ms = audit.terms.grace_ms,
        .trusts_service = audit.options->captures != NULL &&
                          strcmp(audit.options->captures, TRUSTING_SERVICE) == 0,
    };
    enum exit_status status = EXIT_UNAVAILABLE;
    if (audit_source_open(&audit.source, cli, audit.options->is_verbose))
        status = audit_make(&audit, cli);
    cJSON_Delete(audit.sums_before);
    cJSON_Delete(audit.sums_after);
    audit_report_done(&audit.report);
    audit_facts_done(&audit.facts);
    audit_source_close(&audit.source);
    return status;
}

const struct command command_audit = {
    .name = "audit",
    .summary = "the money, from outside: is every captured payment where it belongs?",
    .details =
        "Reads the provider's books and the stores of all services while they "
        "work,\nand judges by rules of its own. What looks wrong is read again until all of it "
        "held at one\nmoment. Each captured payment is applied to one confirmed booking, "
        "refunded once, on its way,\nor stuck; anything else is wrong, and the status is 1.\n",
    .arguments = audit_arguments,
    .options_size = sizeof(struct audit_options),
    .run = audit_run,
};
