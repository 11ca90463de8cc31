/* dead.c - roundtrip dead: the messages that were put away; look at them, and send them again. */
#include "cli/commands/command.h"
#include "cli/screen/json.h"
#include "cli/screen/text.h"
#include "cli/sources/amqp_tap.h"
#include "common/rabbitmq/topology_names.h"
#include "services/registry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MAX         1000 /* letters of one queue that are looked at; all are unacked meanwhile */
#define SECOND_MS        1000
#define BODY_BYTES_SHOWN 65536

struct dead_options {
    const char *output;
    const char *action;
    const char *letter; /* a number of the list, or a message id */
    const char *queue;
    bool is_all;
};

static const struct argument dead_arguments[] = {
    ARGUMENT(CHOICE, dead_options, action, "ACTION",
             "list (also if left out), show, replay or discard",
             .choices = "list|show|replay|discard"),
    ARGUMENT(TEXT, dead_options, letter, "LETTER", "its number in the list, or its message id"),
    ARGUMENT(TEXT, dead_options, queue, "--queue",
             "only those of this queue; roundtrip services names them", .letter = 'q'),
    ARGUMENT(FLAG, dead_options, is_all, "--all", "replay or discard every one"),
    OUTPUT_ARGUMENT(struct dead_options),
    { 0 },
};

struct pass;
typedef enum exit_status visit_function(struct pass *pass, const char *queue,
                                        const struct letter *letter);

/* One pass over the queues. `visit` says whether to go on. */
struct pass {
    struct cli *cli;
    const struct dead_options *options;
    struct tap *tap;
    int64_t number; /* of the present letter, from 1 */
    int64_t done;   /* that were wanted */
    int64_t failed;
    bool is_cut;
    struct table table;
    cJSON *json;
    visit_function *visit;
};

/* No more than there are at the start: what a replay kills again must not be met again. */
static enum exit_status queue_walk(struct pass *pass, const char *queue)
{
    char dead[TOPOLOGY_NAME_SIZE];
    struct queue_depth depth;
    struct error error;
    snprintf(dead, sizeof dead, "%s" TOPOLOGY_DEAD_SUFFIX, queue);
    if (!tap_queue_check(pass->tap, dead, &depth, &error)) {
        complain("%s: roundtrip doctor says what is missing", error.message);
        return EXIT_UNAVAILABLE;
    }
    for (int64_t i = 0; i < depth.messages && !*pass->cli->is_stopped; i++) {
        struct letter letter;
        if (i == LOOK_MAX) {
            pass->is_cut = true;
            return EXIT_OK;
        }
        if (!tap_get(pass->tap, dead, &letter, &error)) {
            if (error.code == ERROR_NOT_FOUND)
                return EXIT_OK; /* somebody else was faster */
            complain("%s", error.message);
            return EXIT_UNAVAILABLE;
        }
        pass->number++;
        enum exit_status status = pass->visit(pass, queue, &letter);
        if (status != EXIT_OK)
            return status;
    }
    return EXIT_OK;
}

static enum exit_status queues_walk(struct pass *pass)
{
    const char *wanted = pass->options->queue;
    enum exit_status status = EXIT_OK;
    bool is_known = wanted == NULL;
    for (size_t i = 0; services[i] != NULL && status == EXIT_OK; i++) {
        const char *queue = services[i]->queue;
        if (queue == NULL || (wanted != NULL && strcmp(wanted, queue) != 0))
            continue;
        is_known = true;
        status = queue_walk(pass, queue);
    }
    if (is_known)
        return status;
    complain("no service has a queue %.64s: roundtrip services names them", wanted);
    return EXIT_USAGE;
}

static bool is_wanted(const struct pass *pass, const struct letter *letter)
{
    const char *wanted = pass->options->letter;
    char *end = NULL;
    if (wanted == NULL)
        return true;
    long long number = strtoll(wanted, &end, 10);
    return (*end == '\0' && number == pass->number) || strcmp(wanted, letter->id) == 0;
}

/* ---- list and show ---- */

static const char *event_of(const struct letter *letter)
{
    if (letter->type[0] != '\0')
        return letter->type;
    return letter->first_exchange[0] != '\0' ? letter->first_key : "-";
}

static cJSON *letter_json(const struct pass *pass, const char *queue, const struct letter *letter)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "number", (double)pass->number);
    json_put_text(json, "queue", queue);
    json_put_text(json, "event", letter->type);
    json_put_text(json, "bookingId", letter->correlation_id);
    json_put_text(json, "messageId", letter->id);
    json_put_text(json, "reason", letter->reason);
    json_put_text(json, "from", letter->app_id);
    json_put_time(json, "announcedAt", letter->timestamp_s * SECOND_MS);
    json_put_text(json, "exchange", letter->first_exchange);
    json_put_text(json, "routingKey", letter->first_key);
    cJSON *body = cJSON_ParseWithLength(letter->body, letter->body_length);
    if (body != NULL)
        cJSON_AddItemToObject(json, "body", body);
    else
        cJSON_AddNullToObject(json, "body");
    return json;
}

static enum exit_status list_visit(struct pass *pass, const char *queue,
                                   const struct letter *letter)
{
    pass->done++;
    if (output_is_json(pass->options->output)) {
        cJSON_AddItemToArray(pass->json, letter_json(pass, queue, letter));
        return EXIT_OK;
    }
    char at[TEXT_TIME_SIZE];
    text_time(letter->timestamp_s * SECOND_MS, at);
    table_add(&pass->table, "%" PRId64, pass->number);
    table_add(&pass->table, "%s", queue);
    table_add(&pass->table, "%s", event_of(letter));
    table_add(&pass->table, "%s", letter->correlation_id);
    table_add(&pass->table, "%.19s", at);
    table_add(&pass->table, "%.90s", letter->reason[0] != '\0' ? letter->reason : "unknown");
    return EXIT_OK;
}

/* No dead letters, but they will be if nobody comes for them. */
static void waiting_tell(const struct pass *pass)
{
    int64_t count = 0;
    for (size_t i = 0; services[i] != NULL; i++) {
        char later[TOPOLOGY_NAME_SIZE];
        struct queue_depth depth;
        struct error error;
        if (services[i]->queue == NULL)
            continue;
        snprintf(later, sizeof later, "%s" TOPOLOGY_LATER_SUFFIX, services[i]->queue);
        if (tap_queue_check(pass->tap, later, &depth, &error))
            count += depth.messages;
    }
    if (count > 0)
        fprintf(pass->cli->out, "%" PRId64 " wait for a newer release: roundtrip doctor\n", count);
}

static enum exit_status list_run(struct pass *pass)
{
    static const char *const heads[] = { "#", "queue", "event", "booking", "announced", "reason" };
    pass->visit = list_visit;
    pass->json = cJSON_CreateArray();
    table_start(&pass->table, heads, sizeof heads / sizeof heads[0]);
    pass->table.heads[0] = "#";
    enum exit_status status = queues_walk(pass);
    const struct cli *cli = pass->cli;
    if (status == EXIT_OK && output_is_json(pass->options->output)) {
        json_print(cli->out, pass->json);
        pass->json = NULL;
    } else if (status == EXIT_OK && pass->done == 0) {
        fputs("no dead letters\n", cli->out);
        waiting_tell(pass);
    } else if (status == EXIT_OK) {
        table_print(&pass->table, cli->out, cli->has_colours);
        fprintf(cli->out,
                "\n%" PRId64 " dead letter%s%s; one in full: roundtrip dead show 1; "
                "again: roundtrip dead replay 1\n",
                pass->done, pass->done == 1 ? "" : "s", pass->is_cut ? " and more" : "");
        waiting_tell(pass);
    }
    table_done(&pass->table);
    cJSON_Delete(pass->json);
    return status;
}

static void field_print(const struct cli *cli, const char *name, const char *value)
{
    if (value[0] == '\0')
        return;
    text_print(cli->out, cli->has_colours, COLOUR_FAINT, "%-11s", name);
    fprintf(cli->out, "%s\n", value);
}

/* JSON is set out; anything else is shown as it is, without what a terminal would obey. */
static void body_print(const struct cli *cli, const struct letter *letter)
{
    cJSON *json = cJSON_ParseWithLength(letter->body, letter->body_length);
    fputc('\n', cli->out);
    if (json != NULL) {
        json_print(cli->out, json);
        return;
    }
    size_t length = letter->body_length < BODY_BYTES_SHOWN ? letter->body_length : BODY_BYTES_SHOWN;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)letter->body[i];
        fputc(c >= ' ' && c < 0x7f ? c : '.', cli->out);
    }
    fprintf(cli->out, "\n(%zu bytes, no JSON)\n", letter->body_length);
}

static enum exit_status show_visit(struct pass *pass, const char *queue,
                                   const struct letter *letter)
{
    const struct cli *cli = pass->cli;
    char at[TEXT_TIME_SIZE];
    if (!is_wanted(pass, letter))
        return EXIT_OK;
    pass->done++;
    if (output_is_json(pass->options->output)) {
        json_print(cli->out, letter_json(pass, queue, letter));
        return EXIT_OK;
    }
    text_time(letter->timestamp_s * SECOND_MS, at);
    field_print(cli, "queue", queue);
    field_print(cli, "reason", letter->reason[0] != '\0' ? letter->reason : "unknown");
    field_print(cli, "event", letter->type);
    field_print(cli, "booking", letter->correlation_id);
    field_print(cli, "message", letter->id);
    field_print(cli, "from", letter->app_id);
    field_print(cli, "announced", at);
    field_print(cli, "sent to",
                letter->first_exchange[0] != '\0' ? letter->first_exchange : "(the queue itself)");
    field_print(cli, "by key", letter->first_key);
    field_print(cli, "trace", letter->traceparent);
    body_print(cli, letter);
    return EXIT_OK;
}

static enum exit_status nothing_found(const struct pass *pass)
{
    complain("no dead letter is %s: roundtrip dead list shows those there are",
             pass->options->letter);
    return EXIT_NOT_FOUND;
}

static enum exit_status show_run(struct pass *pass)
{
    if (pass->options->letter == NULL) {
        complain("which one? roundtrip dead show 1, as in roundtrip dead list");
        return EXIT_USAGE;
    }
    pass->visit = show_visit;
    enum exit_status status = queues_walk(pass);
    return status == EXIT_OK && pass->done == 0 ? nothing_found(pass) : status;
}

/* ---- replay ---- */

static enum exit_status replay_visit(struct pass *pass, const char *queue,
                                     const struct letter *letter)
{
    const struct cli *cli = pass->cli;
    struct error error;
    if (!is_wanted(pass, letter))
        return EXIT_OK;
    bool is_sent = tap_replay(pass->tap, letter, queue, &error);
    pass->done += is_sent;
    pass->failed += !is_sent;
    if (output_is_json(pass->options->output)) {
        cJSON *json = letter_json(pass, queue, letter);
        cJSON_AddBoolToObject(json, "replayed", is_sent);
        json_print_line(cli->out, json);
    } else if (is_sent) {
        fprintf(cli->out, "%" PRId64 "  %s  %s  %s  ", pass->number, queue, event_of(letter),
                letter->correlation_id);
        text_print(cli->out, cli->has_colours, COLOUR_GOOD, "replayed\n");
    }
    if (is_sent)
        return EXIT_OK;
    complain("%" PRId64 " (%s) stays where it is: %s", pass->number, letter->id, error.message);
    return error.code == ERROR_REJECT ? EXIT_OK : EXIT_UNAVAILABLE;
}

/* ---- discard ---- */

/* What is thrown away is printed in full, so that it can be kept. */
static enum exit_status discard_visit(struct pass *pass, const char *queue,
                                      const struct letter *letter)
{
    struct error error;
    if (!is_wanted(pass, letter))
        return EXIT_OK;
    json_print_line(pass->cli->out, letter_json(pass, queue, letter));
    if (fflush(pass->cli->out) != 0) {
        complain("nothing is discarded that could not be printed before");
        return EXIT_WRONG;
    }
    if (!tap_discard(pass->tap, letter, &error)) {
        complain("%s", error.message);
        return EXIT_UNAVAILABLE;
    }
    pass->done++;
    return EXIT_OK;
}

static enum exit_status change_run(struct pass *pass, const char *verb)
{
    const struct dead_options *options = pass->options;
    if ((options->letter == NULL) == !options->is_all) {
        complain("which? roundtrip dead %s 1 (as in roundtrip dead list), or --all", verb);
        return EXIT_USAGE;
    }
    enum exit_status status = queues_walk(pass);
    if (status == EXIT_OK && options->letter != NULL && pass->done + pass->failed == 0)
        return nothing_found(pass);
    if (options->is_all && !output_is_json(options->output) && pass->visit == replay_visit)
        fprintf(pass->cli->out, "%" PRId64 " replayed\n", pass->done);
    if (pass->is_cut)
        complain("there are more: the same command again");
    return status == EXIT_OK && pass->failed > 0 ? EXIT_WRONG : status;
}

static struct pass *pass_with(struct pass *pass, visit_function *visit)
{
    pass->visit = visit;
    return pass;
}

static enum exit_status dead_run(struct cli *cli, const void *self)
{
    const struct dead_options *options = self;
    const char *action = options->action != NULL ? options->action : "list";
    struct pass pass = { .cli = cli, .options = options };
    struct error error;
    enum exit_status status;
    pass.tap = tap_open(cli->settings.amqp_url, &error);
    if (pass.tap == NULL) {
        complain("the broker does not answer (%s): start the system with ./run, or look with "
                 "roundtrip doctor",
                 error.message);
        return EXIT_UNAVAILABLE;
    }
    if (strcmp(action, "show") == 0)
        status = show_run(&pass);
    else if (strcmp(action, "replay") == 0)
        status = change_run(pass_with(&pass, replay_visit), action);
    else if (strcmp(action, "discard") == 0)
        status = change_run(pass_with(&pass, discard_visit), action);
    else
        status = list_run(&pass);
    tap_close(pass.tap);
    return status;
}

const struct command command_dead = {
    .name = "dead",
    .summary = "dead letters: list them, show one, replay or discard it",
    .details =
        "Looking takes nothing away. A replayed one is sent to where it was sent at first, "
        "as it\nwas, and leaves the dead letters once the broker has confirmed it; receivers "
        "ignore\nwhat they know already. What waits in a queue named .later for a newer release "
        "is\nnot dead yet: list counts it, doctor names its queue.\n",
    .arguments = dead_arguments,
    .options_size = sizeof(struct dead_options),
    .run = dead_run,
};
