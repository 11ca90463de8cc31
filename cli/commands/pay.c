/* pay.c - roundtrip pay: a charge at the payment provider, which then tells the payment service. */
#include "cli/commands/command.h"
#include "cli/screen/text.h"
#include "cli/sources/fetch.h"
#include "common/base/ident.h"
#include "common/base/money.h"
#include "gateway/service.h"
#include "provider/service.h"

#include <string.h>

struct pay_options {
    const char *output;
    const char *booking_id, *user_id, *payment_id, *currency;
    int64_t amount;
    bool is_declined;
};

static const struct argument pay_arguments[] = {
    ARGUMENT(IDENT, pay_options, booking_id, "BOOKING", "the booking that is paid for",
             .is_required = true),
    ARGUMENT(INT, pay_options, amount, "--amount", "in minor units; otherwise the booking's",
             .letter = 'a', .minimum = 1, .maximum = MONEY_AMOUNT_MAX),
    ARGUMENT(TEXT, pay_options, currency, "--currency", "as EUR; otherwise the booking's",
             .letter = 'c'),
    ARGUMENT(USER, pay_options, user_id, "--user", "who pays; otherwise the booking's user",
             .letter = 'u'),
    ARGUMENT(IDENT, pay_options, payment_id, "--payment",
             "the payment's id; otherwise the provider makes one", .letter = 'p'),
    ARGUMENT(FLAG, pay_options, is_declined, "--decline", "the provider declines it"),
    OUTPUT_ARGUMENT(struct pay_options),
    { 0 },
};

/* What the command line leaves out is the booking's own. */
static enum exit_status booking_ask(const struct cli *cli, const struct pay_options *options,
                                    cJSON **ret_json)
{
    char path[IDENT_SIZE + 16];
    if (options->amount > 0 && options->user_id != NULL)
        return EXIT_OK;
    snprintf(path, sizeof path, "/booking/%s", options->booking_id);
    const struct question question = { .service = &gateway_service, .method = "GET", .path = path };
    enum exit_status status = fetch(cli, &question, ret_json);
    if (status == EXIT_NOT_FOUND)
        complain("to pay for a booking that is not known yet: --amount and --user");
    return status;
}

static cJSON *charge_make(const struct pay_options *options, const cJSON *booking)
{
    cJSON *body = cJSON_CreateObject();
    const char *currency =
        options->currency != NULL ? options->currency : json_text(booking, "currency");
    int64_t amount = options->amount > 0 ? options->amount : json_int(booking, "amount", 0);
    const char *user = options->user_id != NULL ? options->user_id : json_text(booking, "userId");
    cJSON_AddStringToObject(body, "intentId", options->booking_id);
    cJSON_AddStringToObject(body, "userId", user);
    cJSON_AddNumberToObject(body, "amount", (double)amount);
    if (currency[0] != '\0')
        cJSON_AddStringToObject(body, "currency", currency);
    if (options->payment_id != NULL)
        cJSON_AddStringToObject(body, "paymentId", options->payment_id);
    if (options->is_declined)
        cJSON_AddBoolToObject(body, "declined", true);
    return body;
}

static void charge_print(const struct cli *cli, const cJSON *json)
{
    char money[TEXT_MONEY_SIZE];
    const char *status = json_text(json, "status");
    text_money(json_int(json, "amount", 0), json_text(json, "currency"), money);
    fprintf(cli->out, "%s  ", json_text(json, "paymentId"));
    text_print(cli->out, cli->has_colours, text_state_colour(status), "%s", status);
    fprintf(cli->out, "  %s for %s\n", money, json_text(json, "intentId"));
}

static enum exit_status pay_run(struct cli *cli, const void *self)
{
    const struct pay_options *options = self;
    CLEANUP(json_free) cJSON *booking = NULL;
    CLEANUP(json_free) cJSON *json = NULL;
    enum exit_status status = booking_ask(cli, options, &booking);
    if (status != EXIT_OK)
        return status;
    CLEANUP(json_free) cJSON *body = charge_make(options, booking);
    const struct question question = {
        .service = &provider_service, .method = "POST", .path = "/charges", .body = body
    };
    status = fetch(cli, &question, &json);
    if (status != EXIT_OK)
        return status;
    if (output_is_json(options->output)) {
        json_print(cli->out, json);
        json = NULL;
    } else {
        charge_print(cli, json);
    }
    return EXIT_OK;
}

const struct command command_pay = {
    .name = "pay",
    .summary = "pay for a booking at the payment provider",
    .details = "The provider captures (or declines) the payment and tells the payment service.\n",
    .arguments = pay_arguments,
    .options_size = sizeof(struct pay_options),
    .run = pay_run,
};
