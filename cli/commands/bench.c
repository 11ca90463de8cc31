/* bench.c - roundtrip bench: load on a running system, and what was measured. */
#include "bench/load.h"
#include "cli/commands/command.h"
#include "cli/screen/json.h"
#include "gateway/service.h"
#include "payment/service.h"

struct bench_options {
    const char *output;
    int64_t rate, seconds, warmup_s, connections, outstanding, watch_every;
    bool is_saturating, is_clean;
};

#define SECONDS_DEFAULT     10
#define WARMUP_PART         5
#define CONNECTIONS_DEFAULT 32
#define OUTSTANDING_DEFAULT 1000
#define DUPLICATE_PERCENT   5
#define MISMATCH_PERCENT    2
#define WATCHED_PER_S       100 /* so many waiting GETs cost the gateway little */
#define WATCH_EVERY_DEFAULT 20  /* at saturation */

#define NUMBER(option, field, least, most, text)                                                   \
    {                                                                                              \
        .name = option, .type = ARGUMENT_INT, .offset = offsetof(struct bench_options, field),     \
        .minimum = least, .maximum = most, .meaning = text                                         \
    }
static const struct argument bench_arguments[] = {
    NUMBER("--rate", rate, 1, 1000000, "so many sagas a second, whatever the system does"),
    ARGUMENT(FLAG, bench_options, is_saturating, "--saturate",
             "as many as it takes, with bounded unsettled sagas"),
    NUMBER("--seconds", seconds, 1, 86400, "how long sagas are started; default 10"),
    NUMBER("--warmup", warmup_s, 1, 3600, "seconds that are not measured; default a fifth"),
    NUMBER("--connections", connections, 1, LOAD_CONNECTIONS_MAX,
           "to each service, beside those that wait; default 32"),
    NUMBER("--outstanding", outstanding, 1, 1000000, "unsettled sagas at saturation; default 1000"),
    NUMBER("--watch-every", watch_every, 1, 1000000,
           "measure the outcome of one saga in N; default 100 a second"),
    ARGUMENT(FLAG, bench_options, is_clean, "--clean", "nothing twice, no wrong amounts"),
    OUTPUT_ARGUMENT(struct bench_options),
    { 0 },
};

static int64_t chosen(int64_t given, int64_t otherwise)
{
    return given > 0 ? given : otherwise;
}

static int64_t watch_every_default(const struct bench_options *options)
{
    return options->is_saturating ? WATCH_EVERY_DEFAULT : options->rate / WATCHED_PER_S + 1;
}

static struct load_options load_make(const struct cli *cli, const struct bench_options *options)
{
    int64_t seconds = chosen(options->seconds, SECONDS_DEFAULT);
    return (struct load_options){
        .gateway_url = settings_place(&cli->settings, &gateway_service)->url,
        .payment_url = settings_place(&cli->settings, &payment_service)->url,
        .secret = cli->settings.webhook_secret,
        .rate = options->is_saturating ? 0 : options->rate,
        .seconds = seconds,
        .warmup_s = chosen(options->warmup_s, seconds / WARMUP_PART),
        .connections = chosen(options->connections, CONNECTIONS_DEFAULT),
        .outstanding = chosen(options->outstanding, OUTSTANDING_DEFAULT),
        .watch_every = chosen(options->watch_every, watch_every_default(options)),
        .duplicate_percent = options->is_clean ? 0 : DUPLICATE_PERCENT,
        .mismatch_percent = options->is_clean ? 0 : MISMATCH_PERCENT,
        .is_stopped = cli->is_stopped,
    };
}

static enum exit_status bench_run(struct cli *cli, const void *self)
{
    const struct bench_options *options = self;
    if (options->is_saturating == (options->rate > 0)) {
        complain("either --rate N or --saturate");
        return EXIT_USAGE;
    }
    if (cli->settings.webhook_secret[0] == '\0') {
        complain("webhooks must be signed: set ROUNDTRIP_WEBHOOK_SECRET to what payment has");
        return EXIT_USAGE;
    }
    struct load_options load = load_make(cli, options);
    if (load.warmup_s >= load.seconds) {
        complain("--warmup must be shorter than --seconds");
        return EXIT_USAGE;
    }
    struct load_result result;
    struct error error;
    bool is_done = load_run(&load, &result, &error);
    if (result.measured_s > 0)
        load_result_print(&result, output_is_json(options->output), cli->out);
    load_result_done(&result);
    if (is_done)
        return EXIT_OK;
    complain("%s", error.message);
    return error.code == ERROR_REJECT ? EXIT_WRONG : EXIT_UNAVAILABLE;
}

const struct command command_bench = {
    .name = "bench",
    .summary = "put load on the system and measure it",
    .details =
        "Sends bookings and signed webhooks over HTTP: a third paid before the intent, a third\n"
        "after it, a third at the same time; 5 % sent twice, 2 % with a wrong amount. The "
        "bookings\n"
        "stay. --rate keeps its pace whatever the system does, and counts each latency from the\n"
        "moment the request was due.\n",
    .arguments = bench_arguments,
    .options_size = sizeof(struct bench_options),
    .run = bench_run,
};
