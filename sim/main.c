/* roundtrip-sim - runs schedules of the simulated Roundtrip until one breaks an invariant.
 *
 *   roundtrip-sim --schedules N [--from SEED]   N schedules, one seed each
 *   roundtrip-sim --seconds N [--from SEED]     as many as fit
 *   roundtrip-sim --seed N                      one schedule, told line by line, run twice */
#include "sim/sim.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXIT_USAGE      64
#define SCHEDULES_USUAL 1000

/* Names the seed that runs, for an assert that ends the process. */
static char running_text[64];

static void running_set(uint64_t seed)
{
    snprintf(running_text, sizeof running_text, "seed %llu broke an assertion\n",
             (unsigned long long)seed);
}

static void on_abort(int signal_number)
{
    (void)signal_number;
    ssize_t written = write(STDERR_FILENO, running_text, strlen(running_text));
    (void)written; /* the process ends here anyway */
}

struct arguments {
    int64_t seed, schedules, seconds, from;
};

static bool number_read(const char *text, int64_t *ret_number)
{
    char *end;
    errno = 0;
    *ret_number = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *ret_number >= 0 &&
           *ret_number <= INT32_MAX;
}

static bool arguments_read(int argc, char **argv, struct arguments *arguments)
{
    const struct {
        const char *name;
        int64_t *value;
    } options[] = { { "--seed", &arguments->seed },
                    { "--schedules", &arguments->schedules },
                    { "--seconds", &arguments->seconds },
                    { "--from", &arguments->from } };
    for (int i = 1; i < argc; i += 2) {
        bool is_known = false;
        for (size_t k = 0; k < sizeof options / sizeof options[0]; k++)
            if (strcmp(argv[i], options[k].name) == 0)
                is_known = i + 1 < argc && number_read(argv[i + 1], options[k].value);
        if (!is_known)
            return false;
    }
    return true;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* One schedule, told; then again, which must come to the same story. */
static int seed_tell(struct sim *sim, uint64_t seed)
{
    struct sim_options told = { .is_told = true, .out = stdout };
    running_set(seed);
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
    return is_sound ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int schedules_run(struct sim *sim, const struct arguments *arguments)
{
    const struct sim_options silent = { .is_told = false };
    double begun = seconds_now();
    double passed = 0;
    int64_t count = 0;
    while (arguments->seconds > 0 ? passed < (double)arguments->seconds
                                  : count < arguments->schedules) {
        int64_t seed = arguments->from + count++;
        running_set((uint64_t)seed);
        if (!sim_run(sim, (uint64_t)seed, &silent)) {
            printf("seed %lld: %s\n", (long long)seed, sim->failure);
            printf("roundtrip-sim --seed %lld tells it\n", (long long)seed);
            return EXIT_FAILURE;
        }
        passed = seconds_now() - begun;
    }
    printf("%lld schedules, all invariants hold, %.0f schedules per second\n", (long long)count,
           passed > 0 ? (double)count / passed : 0);
    printf("of each schedule %.1f engine steps and %.1f port calls\n",
           count > 0 ? (double)sim->steps / (double)count : 0,
           count > 0 ? (double)sim->port_calls / (double)count : 0);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct arguments arguments = { .seed = -1, .schedules = SCHEDULES_USUAL, .from = 1 };
    if (!arguments_read(argc, argv, &arguments)) {
        fprintf(stderr, "usage: roundtrip-sim --seed N | --schedules N [--from SEED] | "
                        "--seconds N [--from SEED]\n");
        return EXIT_USAGE;
    }
    signal(SIGABRT, on_abort);
    struct sim *sim = sim_new();
    int status = arguments.seed >= 0 ? seed_tell(sim, (uint64_t)arguments.seed)
                                     : schedules_run(sim, &arguments);
    sim = sim_free(sim);
    return status;
}
