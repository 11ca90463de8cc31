/* book.c - roundtrip book and roundtrip cancel: what a client asks of the gateway. */
#include "cli/commands/command.h"
#include "cli/screen/text.h"
#include "cli/sources/fetch.h"
#include "common/base/clock.h"
#include "common/base/ident.h"
#include "common/base/money.h"
#include "gateway/service.h"

#include <inttypes.h>
#include <string.h>

#define WAIT_MAX_S    3600
#define WAIT_ONE_S    10 /* of one request; the gateway may answer sooner */
#define WAIT_SLACK_MS 5000
#define SECOND_MS     1000

struct book_options {
    const char *output;
    const char *user_id, *booking_id, *currency;
    int64_t amount;
    int64_t wait_s;
};

static const struct argument book_arguments[] = {
    ARGUMENT(USER, book_options, user_id, "--user", "whose booking it is", .letter = 'u',
             .is_required = true),
    ARGUMENT(INT, book_options, amount, "--amount", "in minor units: 12900 is 129.00 EUR",
             .letter = 'a', .is_required = true, .minimum = 1, .maximum = MONEY_AMOUNT_MAX),
    ARGUMENT(TEXT, book_options, currency, "--currency", "as EUR; otherwise the gateway's own",
             .letter = 'c'),
    ARGUMENT(IDENT, book_options, booking_id, "--id",
             "the booking's id; otherwise the gateway makes one"),
    ARGUMENT(INT, book_options, wait_s, "--wait", "wait for the outcome, so many seconds",
             .letter = 'w', .minimum = 1, .maximum = WAIT_MAX_S),
    OUTPUT_ARGUMENT(struct book_options),
    { 0 },
};

static void booking_print(const struct cli *cli, const cJSON *json)
{
    const char *state = json_text(json, "state");
    const char *reason = json_text(json, "reason");
    fprintf(cli->out, "%s  ", json_text(json, "intentId"));
    text_print(cli->out, cli->has_colours, text_state_colour(state), "%s", state);
    if (reason[0] != '\0')
        fprintf(cli->out, " (%s)", reason);
    fputc('\n', cli->out);
}

static void result_print(const struct cli *cli, const char *output, cJSON **json)
{
    if (output_is_json(output)) {
        json_print(cli->out, *json);
        *json = NULL;
    } else {
        booking_print(cli, *json);
    }
}

static bool is_pending(const cJSON *json)
{
    return strcmp(json_text(json, "state"), "pending") == 0;
}

/* Asks until there is an outcome or the time is up; *json is the last answer. */
static enum exit_status outcome_await(const struct cli *cli, int64_t wait_s, cJSON **json)
{
    char path[IDENT_SIZE + 16];
    int64_t until_ms = clock_monotonic_ms() + wait_s * SECOND_MS;
    snprintf(path, sizeof path, "/booking/%.*s", IDENT_BYTES_MAX, json_text(*json, "intentId"));
    while (is_pending(*json) && !*cli->is_stopped) {
        int64_t left_ms = until_ms - clock_monotonic_ms();
        if (left_ms <= 0)
            break;
        char prefer[32];
        int64_t one_s = left_ms / SECOND_MS + 1;
        snprintf(prefer, sizeof prefer, "Prefer: wait=%" PRId64,
                 one_s < WAIT_ONE_S ? one_s : WAIT_ONE_S);
        const struct question question = { .service = &gateway_service,
                                           .method = "GET",
                                           .path = path,
                                           .header = prefer,
                                           .timeout_ms = WAIT_ONE_S * SECOND_MS + WAIT_SLACK_MS };
        cJSON *answer = NULL;
        enum exit_status status = fetch(cli, &question, &answer);
        if (status != EXIT_OK)
            return status;
        cJSON_Delete(*json);
        *json = answer;
    }
    return EXIT_OK;
}

static cJSON *intent_make(const struct book_options *options)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "userId", options->user_id);
    cJSON_AddNumberToObject(body, "amount", (double)options->amount);
    if (options->currency != NULL)
        cJSON_AddStringToObject(body, "currency", options->currency);
    if (options->booking_id != NULL)
        cJSON_AddStringToObject(body, "intentId", options->booking_id);
    return body;
}

static enum exit_status book_run(struct cli *cli, const void *self)
{
    const struct book_options *options = self;
    CLEANUP(json_free) cJSON *body = intent_make(options);
    CLEANUP(json_free) cJSON *json = NULL;
    const struct question question = {
        .service = &gateway_service, .method = "POST", .path = "/booking/intent", .body = body
    };
    enum exit_status status = fetch(cli, &question, &json);
    if (status == EXIT_OK && options->wait_s > 0)
        status = outcome_await(cli, options->wait_s, &json);
    if (status != EXIT_OK)
        return status;
    if (options->wait_s > 0) {
        if (is_pending(json))
            complain("no outcome after %" PRId64 " s; why: roundtrip show %s", options->wait_s,
                     json_text(json, "intentId"));
        if (strcmp(json_text(json, "state"), "confirmed") != 0)
            status = EXIT_WRONG;
    }
    result_print(cli, options->output, &json);
    return status;
}

const struct command command_book = {
    .name = "book",
    .summary = "ask for a booking, as a client does",
    .details = "Prints the booking's id. With --wait the status is 0 only if it is confirmed.\n",
    .arguments = book_arguments,
    .options_size = sizeof(struct book_options),
    .run = book_run,
};

struct cancel_options {
    const char *output;
    const char *booking_id, *user_id;
};

static const struct argument cancel_arguments[] = {
    ARGUMENT(IDENT, cancel_options, booking_id, "BOOKING", "the booking's id", .is_required = true),
    ARGUMENT(USER, cancel_options, user_id, "--user",
             "whose booking it is; needed where nothing is known of it yet", .letter = 'u'),
    OUTPUT_ARGUMENT(struct cancel_options),
    { 0 },
};

static enum exit_status cancel_run(struct cli *cli, const void *self)
{
    const struct cancel_options *options = self;
    char path[IDENT_SIZE + 32];
    CLEANUP(json_free) cJSON *body = cJSON_CreateObject();
    CLEANUP(json_free) cJSON *json = NULL;
    snprintf(path, sizeof path, "/booking/%s/cancel", options->booking_id);
    if (options->user_id != NULL)
        cJSON_AddStringToObject(body, "userId", options->user_id);
    const struct question question = {
        .service = &gateway_service, .method = "POST", .path = path, .body = body
    };
    enum exit_status status = fetch(cli, &question, &json);
    if (status == EXIT_OK)
        result_print(cli, options->output, &json);
    return status;
}

const struct command command_cancel = {
    .name = "cancel",
    .summary = "ask for a booking to be cancelled, as a client does",
    .arguments = cancel_arguments,
    .options_size = sizeof(struct cancel_options),
    .run = cancel_run,
};
