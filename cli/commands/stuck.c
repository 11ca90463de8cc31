/* stuck.c - roundtrip stuck: refunds that the provider refuses; look at them, try one again, or say
 * that it was settled by hand. */
#include "cli/commands/command.h"
#include "cli/screen/json.h"
#include "cli/screen/text.h"
#include "cli/sources/fetch.h"
#include "payment/service.h"

#include <stdio.h>
#include <string.h>

#define PATH_SIZE 256

struct stuck_options {
    const char *output;
    const char *action;
    const char *payment_id;
    const char *reason;
};

static const struct argument stuck_arguments[] = {
    ARGUMENT(CHOICE, stuck_options, action, "ACTION",
             "list (also if left out), show, retry or resolve",
             .choices = "list|show|retry|resolve"),
    ARGUMENT(IDENT, stuck_options, payment_id, "PAYMENT", "its payment id, as in the list"),
    ARGUMENT(TEXT, stuck_options, reason, "--reason",
             "retry, resolve: why; it stays in the payment's history"),
    OUTPUT_ARGUMENT(struct stuck_options),
    { 0 },
};

static void payment_print(const struct cli *cli, const cJSON *json)
{
    char missing[TEXT_MONEY_SIZE];
    const char *state = json_text(json, "state");
    const char *reason = json_text(json, "reason");
    int64_t by_hand = json_int(json, "resolvedByHand", 0);
    fprintf(cli->out, "%s  ", json_text(json, "paymentId"));
    text_print(cli->out, cli->has_colours, text_state_colour(state), "%s", state);
    if (by_hand > 0) {
        text_money(by_hand, json_text(json, "currency"), missing);
        fprintf(cli->out, "  %s by hand (%s)", missing, json_text(json, "resolvedReason"));
    } else {
        text_money(json_int(json, "missing", 0), json_text(json, "currency"), missing);
        fprintf(cli->out, "  %s missing", missing);
    }
    fprintf(cli->out, "  of %s%s%s\n", json_text(json, "intentId"), reason[0] != '\0' ? "  " : "",
            reason);
}

static enum exit_status list_run(struct cli *cli, const struct stuck_options *options)
{
    char path[PATH_SIZE] = "/stuck";
    int count = 0;
    for (bool is_over = false; !is_over;) {
        CLEANUP(json_free) cJSON *json = NULL;
        const struct question question = {
            .service = &payment_service, .method = "GET", .is_ops = true, .path = path
        };
        enum exit_status status = fetch(cli, &question, &json);
        if (status != EXIT_OK)
            return status;
        const cJSON *item;
        cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(json, "data"))
        {
            count++;
            if (output_is_json(options->output))
                json_print_line(cli->out, cJSON_Duplicate(item, true));
            else
                payment_print(cli, item);
        }
        const char *next = json_text(json, "next");
        is_over = next[0] == '\0';
        snprintf(path, sizeof path, "/stuck?after=%s", next);
    }
    if (count == 0 && !output_is_json(options->output))
        fputs("no refund is stuck\n", cli->out);
    return EXIT_OK;
}

static enum exit_status payment_run(struct cli *cli, const struct stuck_options *options,
                                    const char *action)
{
    bool is_change = strcmp(action, "show") != 0;
    if (options->payment_id == NULL) {
        complain("which? roundtrip stuck %s PAYMENT, as in roundtrip stuck list", action);
        return EXIT_USAGE;
    }
    if (is_change && (options->reason == NULL || options->reason[0] == '\0')) {
        complain("why? roundtrip stuck %s %s --reason TEXT; it stays in the history", action,
                 options->payment_id);
        return EXIT_USAGE;
    }
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/stuck/%s%s%s", options->payment_id, is_change ? "/" : "",
             is_change ? action : "");
    CLEANUP(json_free) cJSON *body = is_change ? cJSON_CreateObject() : NULL;
    if (is_change)
        cJSON_AddStringToObject(body, "reason", options->reason);
    CLEANUP(json_free) cJSON *json = NULL;
    const struct question question = { .service = &payment_service,
                                       .method = is_change ? "POST" : "GET",
                                       .is_ops = true,
                                       .path = path,
                                       .body = body };
    enum exit_status status = fetch(cli, &question, &json);
    if (status != EXIT_OK)
        return status;
    if (output_is_json(options->output)) {
        json_print(cli->out, json);
        json = NULL;
    } else {
        payment_print(cli, json);
    }
    return EXIT_OK;
}

static enum exit_status stuck_run(struct cli *cli, const void *self)
{
    const struct stuck_options *options = self;
    const char *action = options->action != NULL ? options->action : "list";
    return strcmp(action, "list") == 0 ? list_run(cli, options) : payment_run(cli, options, action);
}

const struct command command_stuck = {
    .name = "stuck",
    .summary = "refunds that the provider refuses: list them, try one again, or settle it",
    .details =
        "retry asks the provider once more, for what is missing. resolve says that the rest "
        "was\ngiven back outside of the provider: it counts as resolved by hand, the booking "
        "hears\nthat it is refunded, and it cannot be tried again. Both need --reason.\n",
    .arguments = stuck_arguments,
    .options_size = sizeof(struct stuck_options),
    .run = stuck_run,
};
