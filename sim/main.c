/* roundtrip-sim - runs schedules of the simulated Roundtrip until one breaks an invariant. */
#include "common/base/exit_status.h"
#include "common/base/memory.h"
#include "sim/exhaust.h"
#include "sim/sim_jobs.h"
#include "sim/sim_shrink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCHEDULES_USUAL 10000
/* So many schedules reach every anomaly; fewer may miss a rare one. */
#define SCHEDULES_REACH_ALL 100000
#define NUMBER_MAX          INT64_C(1000000000000000)

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
    "  --schedules N      at most so many schedules, one seed each (10000)\n"
    "  --seconds N        as many as fit into this time, if that comes first\n"
    "  --minutes N        the same, in minutes\n"
    "  --from SEED        the first seed (1)\n"
    "  --jobs N           in so many processes, up to 64 (1)\n"
    "  --list-anomalies   how many schedules met each anomaly; from 100000 schedules on, one that\n"
    "                     none has met is a failure\n"
    "  --seed N           one schedule, told line by line\n"
    "  --exhaustive       small worlds instead, each in every order and with every crash point\n"
    "  --world NAME       only this one; --path tells what happens along one path of it\n"
    "\n"
    "A schedule that breaks an invariant is shrunk to the shortest one that still does, and told.\n"
    "Exit status: 0 all invariants hold, 1 one does not, 64 usage.\n";

struct arguments {
    int64_t seed, schedules, seconds, minutes, from, jobs;
    bool lists_anomalies, wants_help;
};

/* ---- command line ---- */

struct option {
    const char *name;
    int64_t *number; /* or */
    bool *flag;
    int64_t least, most;
};

static bool number_read(const char *text, const struct option *option)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < option->least ||
        number > option->most)
        return false;
    *option->number = number;
    return true;
}

static bool usage_error(const char *problem, const char *what)
{
    fprintf(stderr, "roundtrip-sim: %s %s\nTry: roundtrip-sim --help\n", problem, what);
    return false;
}

static bool argument_read(char **argv, const struct option *options, size_t count, int *ret_taken)
{
    for (size_t i = 0; i < count; i++) {
        const struct option *option = &options[i];
        if (strcmp(argv[0], option->name) != 0)
            continue;
        *ret_taken = option->flag != NULL ? 1 : 2;
        if (option->flag != NULL)
            return *option->flag = true;
        if (argv[1] == NULL)
            return usage_error("a number must follow", argv[0]);
        if (number_read(argv[1], option))
            return true;
        fprintf(stderr, "roundtrip-sim: %s takes a number from %lld to %lld, not \"%s\"\n",
                option->name, (long long)option->least, (long long)option->most, argv[1]);
        return false;
    }
    return usage_error("no option", argv[0]);
}

static bool arguments_read(char **argv, struct arguments *arguments)
{
    const struct option options[] = {
        { "--seed", &arguments->seed, NULL, 0, NUMBER_MAX },
        { "--schedules", &arguments->schedules, NULL, 1, NUMBER_MAX },
        { "--seconds", &arguments->seconds, NULL, 1, 1000000 },
        { "--minutes", &arguments->minutes, NULL, 1, 1000000 },
        { "--from", &arguments->from, NULL, 0, NUMBER_MAX },
        { "--jobs", &arguments->jobs, NULL, 1, SIM_JOBS_MAX },
        { "--list-anomalies", NULL, &arguments->lists_anomalies, 0, 0 },
        { "--help", NULL, &arguments->wants_help, 0, 0 },
    };
    for (int taken = 0; *argv != NULL; argv += taken)
        if (!argument_read(argv, options, sizeof options / sizeof options[0], &taken))
            return false;
    int limits = (arguments->schedules > 0) + (arguments->seconds > 0) + (arguments->minutes > 0);
    if (arguments->seconds > 0 && arguments->minutes > 0)
        return usage_error("only one of --seconds and --minutes", "can be given");
    if (arguments->seed >= 0 && (limits > 0 || arguments->lists_anomalies))
        return usage_error("--seed runs one schedule:", "it stands alone");
    if (limits == 0)
        arguments->schedules = SCHEDULES_USUAL;
    arguments->seconds += 60 * arguments->minutes;
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

static int campaign_tell(const struct arguments *arguments)
{
    const struct sim_campaign campaign = { .from = arguments->from,
                                           .schedules = arguments->schedules,
                                           .seconds = (double)arguments->seconds,
                                           .jobs = arguments->jobs };
    struct sim_tally tally;
    if (!sim_campaign_run(&campaign, &tally))
        return EXIT_FAILURE;
    int status = tally.has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
    if (tally.has_failed)
        failure_tell(&tally);
    else if (arguments->lists_anomalies)
        status = anomalies_list(&tally);
    double rate = (double)tally.schedules / tally.seconds;
    printf("%llu schedules in %.1f s, %s: %.0f per second, %.0f per core\n",
           (unsigned long long)tally.schedules, tally.seconds,
           tally.has_failed ? "an invariant is broken" : "all invariants hold", rate,
           rate / (double)arguments->jobs);
    printf("of each schedule %.1f engine steps and %.1f port calls\n",
           (double)tally.steps / (double)tally.schedules,
           (double)tally.port_calls / (double)tally.schedules);
    return status;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--exhaustive") == 0)
        return exhaust_main(argc - 2, argv + 2);
    struct arguments arguments = { .seed = -1, .from = 1, .jobs = 1 };
    if (!arguments_read(argv + 1, &arguments))
        return EXIT_USAGE;
    if (arguments.wants_help) {
        fputs(help_text, stdout);
        return EXIT_SUCCESS;
    }
    if (arguments.seed < 0)
        return campaign_tell(&arguments);
    struct sim *sim = sim_new();
    int status = seed_tell(sim, (uint64_t)arguments.seed);
    (void)sim_free(sim);
    return status;
}
