/* roundtrip-sim - runs schedules of the simulated Roundtrip until one breaks an invariant. */
#include "common/base/arguments.h"
#include "common/base/exit_status.h"
#include "common/base/memory.h"
#include "sim/exhaustive/exhaust.h"
#include "sim/random/sim_jobs.h"
#include "sim/random/sim_shrink.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCHEDULES_USUAL 10000
/* So many schedules reach every anomaly; fewer may miss a rare one. */
#define SCHEDULES_REACH_ALL 100000
#define NUMBER_MAX          INT64_C(1000000000000000)
#define SECONDS_MAX         1000000

static const char help_text[] =
    "usage: roundtrip-sim [--schedules N] [--seconds N | --minutes N] [--from SEED] [--jobs N]\n"
    "                     [--list-anomalies]\n"
    "       roundtrip-sim --seed N\n"
    "       roundtrip-sim --exhaustive [--minutes N | --seconds N] [--jobs N]\n"
    "                     [--world NAME [--path CHOICES]]\n"
    "       roundtrip-sim --help\n"
    "\n"
    "Runs the shipped services in one thread on a simulated broker, database, clock and payment\n"
    "provider, all of which fail at random, and checks after every schedule that each payment has\n"
    "settled its booking or gone back, once. A seed decides everything that happens.\n"
    "\n"
    "A schedule that breaks an invariant is shrunk to the shortest one that still does, and told.\n"
    "Exit status: 0 all invariants hold, 1 one does not, 64 usage.\n"
    "\n";

struct options {
    int64_t seed, schedules, seconds, minutes, from, jobs;
    bool lists_anomalies, wants_help;
};

/* ---- command line ---- */

static const struct argument arguments[] = {
    { .name = "--schedules",
      .type = ARGUMENT_INT,
      .offset = offsetof(struct options, schedules),
      .minimum = 1,
      .maximum = NUMBER_MAX,
      .meaning = "at most so many schedules, one seed each (10000)" },
    { .name = "--seconds",
      .type = ARGUMENT_INT,
      .offset = offsetof(struct options, seconds),
      .minimum = 1,
      .maximum = SECONDS_MAX,
      .meaning = "as many as fit into this time, if that comes first" },
    { .name = "--minutes",
      .type = ARGUMENT_INT,
      .offset = offsetof(struct options, minutes),
      .minimum = 1,
      .maximum = SECONDS_MAX,
      .meaning = "the same, in minutes" },
    { .name = "--from",
      .type = ARGUMENT_INT,
      .offset = offsetof(struct options, from),
      .maximum = NUMBER_MAX,
      .meaning = "the first seed (1)" },
    { .name = "--jobs",
      .type = ARGUMENT_INT,
      .offset = offsetof(struct options, jobs),
      .minimum = 1,
      .maximum = SIM_JOBS_MAX,
      .meaning = "in so many processes, up to 64 (1)" },
    { .name = "--list-anomalies",
      .type = ARGUMENT_FLAG,
      .offset = offsetof(struct options, lists_anomalies),
      .meaning =
          "how many schedules met each anomaly; from 100000 on, one that none met is a failure" },
    { .name = "--seed",
      .type = ARGUMENT_INT,
      .offset = offsetof(struct options, seed),
      .maximum = NUMBER_MAX,
      .meaning = "one schedule, told line by line" },
    { .name = "--help",
      .type = ARGUMENT_FLAG,
      .offset = offsetof(struct options, wants_help),
      .meaning = "this; --exhaustive --help has its options" },
    { 0 },
};

static bool usage_error(const char *problem)
{
    fprintf(stderr, "roundtrip-sim: %s\nTry: roundtrip-sim --help\n", problem);
    return false;
}

static bool options_read(int count, char *const *words, struct options *options)
{
    if (!arguments_read(arguments, count, words, options, stderr))
        return false;
    int limits = (options->schedules > 0) + (options->seconds > 0) + (options->minutes > 0);
    if (options->seconds > 0 && options->minutes > 0)
        return usage_error("only one of --seconds and --minutes can be given");
    if (options->seed >= 0 && (limits > 0 || options->lists_anomalies))
        return usage_error("--seed runs one schedule: it stands alone");
    if (limits == 0)
        options->schedules = SCHEDULES_USUAL;
    options->seconds += 60 * options->minutes;
    return true;
}

/* ---- one schedule ---- */

/* The shortest schedule that fails like this one, told. */
static void shrunk_tell(struct sim *sim, uint64_t seed)
{
    struct sim_options told = { .is_told = true, .out = stdout };
    size_t trials;
    struct sim_tape *tape = memory_room(sizeof *tape);
    printf("seed %llu: making it shorter\n", (unsigned long long)seed);
    fflush(stdout);
    if (sim_shrink(sim, seed, &told, tape, &trials)) {
        told.tape = tape;
        printf("seed %llu, shrunk to %zu choices in %zu runs:\n", (unsigned long long)seed,
               sim_tape_weight(tape), trials);
        (void)sim_run(sim, seed, &told);
    }
    free(tape);
}

/* One schedule, told; then again, which must come to the same story. */
static int seed_tell(struct sim *sim, uint64_t seed)
{
    struct sim_options told = { .is_told = true, .out = stdout };
    bool is_sound = sim_run(sim, seed, &told);
    uint64_t hash = sim->story_hash;
    uint64_t length = sim->story_length;
    printf("seed %llu: %llu events, hash %016llx\n", (unsigned long long)seed,
           (unsigned long long)length, (unsigned long long)hash);
    if (!is_sound)
        printf("seed %llu: %s\n", (unsigned long long)seed, sim->failure);
    told.out = NULL;
    (void)sim_run(sim, seed, &told);
    if (sim->story_hash != hash || sim->story_length != length) {
        printf("seed %llu: the second run was another one\n", (unsigned long long)seed);
        return EXIT_FAILURE;
    }
    if (!is_sound)
        shrunk_tell(sim, seed);
    return is_sound ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- many ---- */

static int anomalies_list(const struct sim_tally *tally)
{
    int missed = 0;
    for (int i = 0; i < ANOMALY_COUNT; i++) {
        enum sim_anomaly anomaly = (enum sim_anomaly)i;
        printf("%-4s %12llu  %s\n", anomaly_id(anomaly), (unsigned long long)tally->reached[i],
               anomaly_text(anomaly));
        missed += tally->reached[i] == 0;
    }
    if (missed == 0) {
        printf("all %d anomalies were met\n", ANOMALY_COUNT);
        return EXIT_SUCCESS;
    }
    printf("not met by any schedule:");
    for (int i = 0; i < ANOMALY_COUNT; i++)
        if (tally->reached[i] == 0)
            printf(" %s", anomaly_id((enum sim_anomaly)i));
    printf("\n");
    if (tally->schedules >= SCHEDULES_REACH_ALL)
        return EXIT_FAILURE;
    printf("%d schedules are asked to meet them all\n", SCHEDULES_REACH_ALL);
    return EXIT_SUCCESS;
}

static bool is_crash(const struct sim_tally *tally)
{
    return strncmp(tally->failure, "crash:", 6) == 0;
}

static void failure_tell(const struct sim_tally *tally)
{
    printf("seed %llu: %s\n", (unsigned long long)tally->seed, tally->failure);
    printf("roundtrip-sim --seed %llu tells it\n", (unsigned long long)tally->seed);
    fflush(stdout);
    if (is_crash(tally))
        return; /* it cannot be tried many times within one process */
    struct sim *sim = sim_new();
    shrunk_tell(sim, tally->seed);
    (void)sim_free(sim);
}

static int campaign_tell(const struct options *options)
{
    const struct sim_campaign campaign = { .from = options->from,
                                           .schedules = options->schedules,
                                           .seconds = (double)options->seconds,
                                           .jobs = options->jobs };
    struct sim_tally tally;
    if (!sim_campaign_run(&campaign, &tally))
        return EXIT_FAILURE;
    int status = tally.has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
    if (tally.has_failed)
        failure_tell(&tally);
    else if (options->lists_anomalies)
        status = anomalies_list(&tally);
    double rate = (double)tally.schedules / tally.seconds;
    printf("%llu schedules in %.1f s, %s: %.0f per second, %.0f per core\n",
           (unsigned long long)tally.schedules, tally.seconds,
           tally.has_failed ? "an invariant is broken" : "all invariants hold", rate,
           rate / (double)options->jobs);
    printf("of each schedule %.1f engine steps and %.1f port calls\n",
           (double)tally.steps / (double)tally.schedules,
           (double)tally.port_calls / (double)tally.schedules);
    return status;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--exhaustive") == 0)
        return exhaust_main(argc - 2, argv + 2);
    struct options options = { .seed = -1, .from = 1, .jobs = 1 };
    if (!options_read(argc - 1, argv + 1, &options))
        return EXIT_USAGE;
    if (options.wants_help) {
        fputs(help_text, stdout);
        arguments_print_help(arguments, stdout);
        return EXIT_SUCCESS;
    }
    if (options.seed < 0)
        return campaign_tell(&options);
    struct sim *sim = sim_new();
    int status = seed_tell(sim, (uint64_t)options.seed);
    (void)sim_free(sim);
    return status;
}
