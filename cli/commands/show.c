/* show.c - roundtrip show: one booking and how it came to be what it is. */
#include "cli/commands/show.h"
#include "cli/commands/command.h"

#include "cli/sources/fetch.h"
#include "common/base/clock.h"

#include <poll.h>
#include <string.h>

#define FOLLOW_PACE_MS 300

struct show_options {
    const char *output;
    const char *booking_id;
    bool is_following;
};

static const struct argument show_arguments[] = {
    ARGUMENT(IDENT, show_options, booking_id, "BOOKING", "the booking's id", .is_required = true),
    ARGUMENT(FLAG, show_options, is_following, "--follow", "stay until it is over (Ctrl-C ends it)",
             .letter = 'f'),
    OUTPUT_ARGUMENT(struct show_options),
    { 0 },
};

static void json_show(const struct cli *cli, const struct dossier *dossier,
                      const struct timeline *timeline, bool is_line)
{
    cJSON *json = show_json(cli, dossier, timeline, clock_wall_ms());
    if (is_line)
        json_print_line(cli->out, json);
    else
        json_print(cli->out, json);
    fflush(cli->out);
}

static enum exit_status show_once(struct cli *cli, struct records *records,
                                  const struct show_options *options)
{
    struct dossier dossier;
    struct timeline timeline;
    enum exit_status status = dossier_read(cli, records, options->booking_id, &dossier);
    if (status == EXIT_OK) {
        timeline_make(&dossier, &timeline);
        if (output_is_json(options->output))
            json_show(cli, &dossier, &timeline, false);
        else
            show_text(cli, &dossier, &timeline, clock_wall_ms());
    }
    dossier_done(&dossier);
    return status;
}

/* What changes between two looks: a step more, or a repetition folded into the last one. */
struct seen {
    size_t steps;
    int64_t last_ms;
    char state[24];
};

static bool has_changed(struct seen *seen, const struct dossier *dossier,
                        const struct timeline *timeline)
{
    struct seen now = { .steps = timeline->count };
    if (timeline->count > 0)
        now.last_ms = timeline->steps[timeline->count - 1].last_ms;
    snprintf(now.state, sizeof now.state, "%s", gateway_state_text(gateway_state(&dossier->seen)));
    bool is_other = now.steps != seen->steps || now.last_ms != seen->last_ms ||
                    strcmp(now.state, seen->state) != 0;
    *seen = now;
    return is_other;
}

/* One look; true: there is more to come. */
static bool follow_once(struct cli *cli, struct records *records,
                        const struct show_options *options, struct seen *seen,
                        enum exit_status *ret_status)
{
    struct dossier dossier;
    struct timeline timeline;
    bool is_first = seen->state[0] == '\0';
    size_t printed = seen->steps;
    *ret_status = dossier_read(cli, records, options->booking_id, &dossier);
    bool is_more = *ret_status == EXIT_OK;
    if (is_more) {
        timeline_make(&dossier, &timeline);
        bool is_over = dossier_is_over(&dossier);
        bool is_changed = has_changed(seen, &dossier, &timeline);
        /* What the gateway shows may catch up after the last step is known: the end is told too. */
        if (output_is_json(options->output) && (is_changed || is_over))
            json_show(cli, &dossier, &timeline, true);
        else if (is_first && !output_is_json(options->output))
            show_text(cli, &dossier, &timeline, clock_wall_ms());
        else if (is_changed && !output_is_json(options->output))
            show_steps(cli, &timeline, printed);
        if (is_over && !is_first && !output_is_json(options->output))
            show_end(cli, &dossier, clock_wall_ms());
        is_more = !is_over;
    }
    dossier_done(&dossier);
    return is_more;
}

static enum exit_status show_follow(struct cli *cli, struct records *records,
                                    const struct show_options *options)
{
    struct seen seen = { 0 };
    enum exit_status status = EXIT_OK;
    while (follow_once(cli, records, options, &seen, &status) && !*cli->is_stopped) {
        if (fflush(cli->out) != 0)
            return EXIT_WRONG; /* the reader has gone */
        poll(NULL, 0, FOLLOW_PACE_MS);
    }
    return status;
}

static enum exit_status show_run(struct cli *cli, const void *self)
{
    const struct show_options *options = self;
    struct records records;
    records_open(&records, &cli->settings);
    enum exit_status status = options->is_following ? show_follow(cli, &records, options)
                                                    : show_once(cli, &records, options);
    records_close(&records);
    return status;
}

const struct command command_show = {
    .name = "show",
    .summary = "one booking: its state, payments, timeline, and why it waits",
    .details = "Reads the gateway's answer and the stores of all services. With -f "
               "the\ntimeline goes on as it happens; with -f -o json each change is a line.\n",
    .arguments = show_arguments,
    .options_size = sizeof(struct show_options),
    .run = show_run,
};
