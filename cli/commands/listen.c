/* listen.c - roundtrip listen: the events as they pass, seen through a queue of our own. */
#include "cli/commands/command.h"
#include "cli/screen/json.h"
#include "cli/screen/text.h"
#include "cli/sources/amqp_tap.h"
#include "common/base/clock.h"
#include "common/base/trace_context.h"

#include <string.h>

#define LOOK_MS       500 /* between looks at Ctrl-C */
#define BODY_SHOWN    160
#define TRACE_ID_AT   3 /* in a traceparent: 00-<trace id>-<span id>-<flags> */
#define TRACE_ID_HEX  32
#define SECOND_MS     1000
#define TIMEOUT_MAX_S 86400
#define COUNT_MAX     1000000000

struct listen_options {
    const char *output;
    const char *events;
    int64_t count, timeout_s;
};

static const struct argument listen_arguments[] = {
    ARGUMENT(TEXT, listen_options, events, "--events",
             "patterns such as 'payment.*' or 'booking.#', separated by commas (all)",
             .letter = 'e'),
    ARGUMENT(INT, listen_options, count, "--count", "end after so many events", .letter = 'n',
             .minimum = 1, .maximum = COUNT_MAX),
    ARGUMENT(INT, listen_options, timeout_s, "--timeout",
             "end after so many seconds; status 1 if --count was not reached", .letter = 't',
             .minimum = 1, .maximum = TIMEOUT_MAX_S),
    OUTPUT_ARGUMENT(struct listen_options),
    { 0 },
};

static void body_put(cJSON *json, const struct letter *letter)
{
    cJSON *body = cJSON_ParseWithLength(letter->body, letter->body_length);
    if (body != NULL)
        cJSON_AddItemToObject(json, "body", body);
    else
        cJSON_AddNullToObject(json, "body");
}

static void letter_print_json(const struct cli *cli, const struct letter *letter, int64_t now_ms)
{
    char trace_id[TRACE_ID_HEX + 1] = "";
    cJSON *json = cJSON_CreateObject();
    if (strlen(letter->traceparent) == TRACEPARENT_SIZE - 1)
        memcpy(trace_id, letter->traceparent + TRACE_ID_AT, TRACE_ID_HEX);
    json_put_time(json, "seenAt", now_ms);
    json_put_text(json, "event", letter->type);
    json_put_text(json, "routingKey", letter->routing_key);
    json_put_text(json, "bookingId", letter->correlation_id);
    json_put_text(json, "messageId", letter->id);
    json_put_text(json, "from", letter->app_id);
    json_put_time(json, "announcedAt", letter->timestamp_s * SECOND_MS);
    cJSON_AddBoolToObject(json, "repeat", letter->is_repeat);
    json_put_text(json, "traceId", trace_id);
    body_put(json, letter);
    json_print_line(cli->out, json);
}

static enum colour event_colour(const char *type)
{
    const char *last = strrchr(type, '.');
    return last != NULL ? text_state_colour(last + 1) : COLOUR_NONE;
}

static void letter_print(const struct cli *cli, const struct letter *letter, int64_t now_ms)
{
    char at[TEXT_TIME_SIZE];
    char body[BODY_SHOWN + 1];
    size_t length = letter->body_length < BODY_SHOWN ? letter->body_length : BODY_SHOWN;
    text_time_of_day(now_ms, at);
    for (size_t i = 0; i < length; i++)
        body[i] = letter->body[i] != '\0' ? letter->body[i] : '.';
    body[length] = '\0';
    fprintf(cli->out, "%s  ", at);
    text_print(cli->out, cli->has_colours, event_colour(letter->type), "%-24s",
               letter->type[0] != '\0' ? letter->type : letter->routing_key);
    fprintf(cli->out, "  %s%s  ", letter->correlation_id, letter->is_repeat ? "  repeat" : "");
    text_print(cli->out, cli->has_colours, COLOUR_FAINT, "%s%s\n", text_clean(body),
               letter->body_length > BODY_SHOWN ? "…" : "");
}

static bool is_over(const struct cli *cli, const struct listen_options *options, int64_t heard,
                    int64_t end_ms)
{
    return *cli->is_stopped || (options->count > 0 && heard == options->count) ||
           (options->timeout_s > 0 && clock_monotonic_ms() >= end_ms);
}

static enum exit_status listen_to(struct cli *cli, const struct listen_options *options,
                                  struct tap *tap)
{
    int64_t heard = 0;
    int64_t end_ms = clock_monotonic_ms() + options->timeout_s * SECOND_MS;
    while (!is_over(cli, options, heard, end_ms)) {
        struct letter letter;
        struct error error;
        if (!tap_next(tap, LOOK_MS, &letter, &error)) {
            if (error.code == ERROR_NOT_FOUND)
                continue;
            complain("%s: roundtrip doctor says why", error.message);
            return EXIT_UNAVAILABLE;
        }
        if (output_is_json(options->output))
            letter_print_json(cli, &letter, clock_wall_ms());
        else
            letter_print(cli, &letter, clock_wall_ms());
        heard++;
        if (fflush(cli->out) != 0)
            return EXIT_WRONG; /* the reader has gone */
    }
    return options->count > 0 && heard < options->count && !*cli->is_stopped ? EXIT_WRONG : EXIT_OK;
}

static enum exit_status listen_run(struct cli *cli, const void *self)
{
    const struct listen_options *options = self;
    struct error error;
    struct tap *tap = tap_open(cli->settings.amqp_url, &error);
    if (tap == NULL || !tap_listen(tap, options->events != NULL ? options->events : "#", &error)) {
        complain("cannot listen at the broker (%s): start the system with ./run, or look with "
                 "roundtrip doctor",
                 error.message);
        tap_close(tap);
        return EXIT_UNAVAILABLE;
    }
    fprintf(stderr, "listening (Ctrl-C ends it)\n");
    enum exit_status status = listen_to(cli, options, tap);
    tap_close(tap);
    return status;
}

const struct command command_listen = {
    .name = "listen",
    .summary = "the events as they pass, live",
    .details = "Through an exclusive queue of its own, deleted at the end: no service misses "
               "anything.\nWith -o json one line an event.\n",
    .arguments = listen_arguments,
    .options_size = sizeof(struct listen_options),
    .run = listen_run,
};
