/* exhaust_main.c - roundtrip-sim --exhaustive: explores the worlds from small to large. */
#include "common/base/arguments.h"
#include "common/base/exit_status.h"
#include "common/base/memory.h"
#include "sim/exhaustive/exhaust.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define JOBS_MAX 64

struct options {
    int64_t seconds, minutes; /* 0 = as long as it takes */
    int64_t jobs;
    const char *world, *path;
    bool wants_help;
    const struct exhaust_plan *plan; /* NULL: all */
};

static const struct argument arguments[] = {
    { .name = "--seconds",
      .type = ARGUMENT_INT,
      .offset = offsetof(struct options, seconds),
      .minimum = 1,
      .maximum = INT32_MAX,
      .meaning = "at most so long; otherwise until all are explored" },
    { .name = "--minutes",
      .type = ARGUMENT_INT,
      .offset = offsetof(struct options, minutes),
      .minimum = 1,
      .maximum = INT32_MAX,
      .meaning = "the same, in minutes" },
    { .name = "--jobs",
      .type = ARGUMENT_INT,
      .offset = offsetof(struct options, jobs),
      .minimum = 1,
      .maximum = JOBS_MAX,
      .meaning = "so many worlds at a time (1)" },
    { .name = "--world",
      .type = ARGUMENT_TEXT,
      .offset = offsetof(struct options, world),
      .meaning = "only this one" },
    { .name = "--path",
      .type = ARGUMENT_TEXT,
      .offset = offsetof(struct options, path),
      .meaning = "tells what happens along one path of it, as a violation names it" },
    { .name = "--help",
      .type = ARGUMENT_FLAG,
      .offset = offsetof(struct options, wants_help),
      .meaning = "this" },
    { 0 },
};

/* What the jobs share. */
struct progress {
    const struct options *options;
    double begun;
    pthread_mutex_t mutex; /* guards all below, and the output */
    size_t next;
    uint64_t states, transitions;
    size_t complete, cut, violated;
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds_left(const struct progress *progress)
{
    return (double)progress->options->seconds - (seconds_now() - progress->begun);
}

/* A world on its way through a job. */
struct world_turn {
    const struct exhaust_plan *plan; /* NULL: there is none left */
    double end;                      /* of its time; 0 = it may take as long as it needs */
};

static bool is_over(void *self)
{
    const struct world_turn *turn = self;
    return turn->end > 0 && seconds_now() >= turn->end;
}

/* ---- one world ---- */

static void violation_print(const struct exhaust *explorer)
{
    char *path = NULL;
    size_t length = 0;
    FILE *text = memory_check(open_memstream(&path, &length));
    exhaust_path_write(explorer, text);
    if (fclose(text) != 0)
        abort();
    struct exhaust *told = exhaust_new(explorer->plan, stdout);
    (void)exhaust_replay(told, path);
    exhaust_free(told);
    printf("world %s: %s\n", explorer->plan->name, explorer->sim->failure);
    printf("roundtrip-sim --exhaustive --world %s --path %s tells it\n", explorer->plan->name,
           path);
    free(path);
}

static void result_print(const struct exhaust *explorer, enum exhaust_end end, double seconds)
{
    static const char *const texts[] = { "explored completely", "cut by time", "violated" };
    const struct exhaust_statistics *statistics = &explorer->statistics;
    printf("world %s: %s; %llu states, %llu transitions, %llu ends, depth %zu, %.1f s, "
           "%.0f transitions per second\n",
           explorer->plan->name, texts[end], (unsigned long long)statistics->states,
           (unsigned long long)statistics->transitions, (unsigned long long)statistics->ends,
           statistics->depth_max, seconds,
           seconds > 0 ? (double)statistics->transitions / seconds : 0);
    for (size_t i = 0; i < statistics->outcome_count; i++)
        printf("    %llu ends: %s\n", (unsigned long long)statistics->outcomes[i].count,
               statistics->outcomes[i].text);
    fflush(stdout);
}

static void world_explore(struct progress *progress, struct world_turn *turn)
{
    double begun = seconds_now();
    struct exhaust *explorer = exhaust_new(turn->plan, NULL);
    enum exhaust_end end = exhaust_run(explorer, is_over, turn);
    pthread_mutex_lock(&progress->mutex);
    if (end == EXHAUST_VIOLATED)
        violation_print(explorer);
    result_print(explorer, end, seconds_now() - begun);
    progress->states += explorer->statistics.states;
    progress->transitions += explorer->statistics.transitions;
    progress->complete += end == EXHAUST_COMPLETE;
    progress->cut += end == EXHAUST_CUT;
    progress->violated += end == EXHAUST_VIOLATED;
    pthread_mutex_unlock(&progress->mutex);
    exhaust_free(explorer);
}

/* ---- all of them ---- */

/* Each world has its share of the time that is left, so that none keeps those after it from being
 * begun; what the small ones do not need is left to the large ones. */
static struct world_turn turn_next(struct progress *progress)
{
    const struct options *options = progress->options;
    struct world_turn turn = { .plan = NULL };
    pthread_mutex_lock(&progress->mutex);
    size_t waiting = exhaust_plan_count - progress->next;
    double left = options->seconds > 0 ? seconds_left(progress) : 0;
    if (progress->violated == 0 && waiting > 0 && left >= 0) {
        double share = left * (double)options->jobs / (double)waiting;
        turn.plan = &exhaust_plans[progress->next++];
        if (options->seconds > 0)
            turn.end = seconds_now() + (share < left ? share : left);
    }
    pthread_mutex_unlock(&progress->mutex);
    return turn;
}

static void *job_run(void *self)
{
    struct progress *progress = self;
    for (struct world_turn turn; (turn = turn_next(progress)).plan != NULL;)
        world_explore(progress, &turn);
    return NULL;
}

static void jobs_run(struct progress *progress)
{
    pthread_t threads[JOBS_MAX];
    int64_t count = 0;
    while (count < progress->options->jobs &&
           pthread_create(&threads[count], NULL, job_run, progress) == 0)
        count++;
    if (count == 0)
        (void)job_run(progress);
    while (count > 0)
        pthread_join(threads[--count], NULL);
}

static int explore(const struct options *options)
{
    struct progress progress = { .options = options, .begun = seconds_now() };
    pthread_mutex_init(&progress.mutex, NULL);
    struct world_turn only = { .plan = options->plan };
    if (options->seconds > 0)
        only.end = progress.begun + (double)options->seconds;
    if (only.plan != NULL)
        world_explore(&progress, &only);
    else
        jobs_run(&progress);
    size_t all = options->plan != NULL ? 1 : exhaust_plan_count;
    printf("%zu of %zu worlds explored completely, %zu cut by time, %zu not begun; "
           "%llu states, %llu transitions; %s\n",
           progress.complete, all, progress.cut,
           all - progress.complete - progress.cut - progress.violated,
           (unsigned long long)progress.states, (unsigned long long)progress.transitions,
           progress.violated > 0 ? "an invariant is broken" : "all invariants hold");
    pthread_mutex_destroy(&progress.mutex);
    return progress.violated > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int path_tell(const struct options *options)
{
    struct exhaust *explorer = exhaust_new(options->plan, stdout);
    bool is_path = exhaust_replay(explorer, options->path);
    bool is_sound = explorer->sim->failure[0] == '\0';
    if (!is_path)
        fprintf(stderr, "roundtrip-sim: this is no path: %s\n", options->path);
    else if (!is_sound)
        printf("world %s: %s\n", options->plan->name, explorer->sim->failure);
    exhaust_free(explorer);
    return is_path && is_sound ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- the command line ---- */

static bool plan_read(const char *name, const struct exhaust_plan **ret_plan)
{
    *ret_plan = exhaust_plan_find(name);
    if (*ret_plan != NULL)
        return true;
    fprintf(stderr, "roundtrip-sim: no world %s; there are:", name);
    for (size_t i = 0; i < exhaust_plan_count; i++)
        fprintf(stderr, " %s", exhaust_plans[i].name);
    fputc('\n', stderr);
    return false;
}

int exhaust_main(int argc, char **argv)
{
    struct options options = { .jobs = 1 };
    if (!arguments_read(arguments, argc, argv, &options, stderr))
        return EXIT_USAGE;
    if (options.wants_help) {
        fputs("usage: roundtrip-sim --exhaustive", stdout);
        arguments_print_usage(arguments, stdout);
        arguments_print_help(arguments, stdout);
        return EXIT_SUCCESS;
    }
    if (options.path != NULL && options.world == NULL) {
        fputs("roundtrip-sim: a path is of a world: name it by --world\n", stderr);
        return EXIT_USAGE;
    }
    if (options.world != NULL && !plan_read(options.world, &options.plan))
        return EXIT_USAGE;
    options.seconds += 60 * options.minutes;
    return options.path != NULL ? path_tell(&options) : explore(&options);
}
