/* exhaust_main.c - roundtrip-sim --exhaustive: explores the worlds from small to large.
 *
 *   [--minutes N | --seconds N]   at most so long; otherwise until all are explored
 *   [--jobs N]                    so many worlds at a time
 *   [--world NAME]                only this one
 *   [--path CHOICES]              tells what happens along one path of it */
#include "common/base/exit_status.h"
#include "common/base/memory.h"
#include "sim/exhaust.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define JOBS_MAX 64

struct arguments {
    int64_t seconds; /* 0 = as long as it takes */
    int64_t jobs;
    const struct exhaust_plan *plan; /* NULL: all */
    const char *path;
};

/* What the jobs share. */
struct progress {
    const struct arguments *arguments;
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
    return (double)progress->arguments->seconds - (seconds_now() - progress->begun);
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
    const struct arguments *arguments = progress->arguments;
    struct world_turn turn = { .plan = NULL };
    pthread_mutex_lock(&progress->mutex);
    size_t waiting = exhaust_plan_count - progress->next;
    double left = arguments->seconds > 0 ? seconds_left(progress) : 0;
    if (progress->violated == 0 && waiting > 0 && left >= 0) {
        double share = left * (double)arguments->jobs / (double)waiting;
        turn.plan = &exhaust_plans[progress->next++];
        if (arguments->seconds > 0)
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
    while (count < progress->arguments->jobs &&
           pthread_create(&threads[count], NULL, job_run, progress) == 0)
        count++;
    if (count == 0)
        (void)job_run(progress);
    while (count > 0)
        pthread_join(threads[--count], NULL);
}

static int explore(const struct arguments *arguments)
{
    struct progress progress = { .arguments = arguments, .begun = seconds_now() };
    pthread_mutex_init(&progress.mutex, NULL);
    struct world_turn only = { .plan = arguments->plan };
    if (arguments->seconds > 0)
        only.end = progress.begun + (double)arguments->seconds;
    if (only.plan != NULL)
        world_explore(&progress, &only);
    else
        jobs_run(&progress);
    size_t all = arguments->plan != NULL ? 1 : exhaust_plan_count;
    printf("%zu of %zu worlds explored completely, %zu cut by time, %zu not begun; "
           "%llu states, %llu transitions; %s\n",
           progress.complete, all, progress.cut,
           all - progress.complete - progress.cut - progress.violated,
           (unsigned long long)progress.states, (unsigned long long)progress.transitions,
           progress.violated > 0 ? "an invariant is broken" : "all invariants hold");
    pthread_mutex_destroy(&progress.mutex);
    return progress.violated > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int path_tell(const struct arguments *arguments)
{
    struct exhaust *explorer = exhaust_new(arguments->plan, stdout);
    bool is_path = exhaust_replay(explorer, arguments->path);
    bool is_sound = explorer->sim->failure[0] == '\0';
    if (!is_path)
        fprintf(stderr, "roundtrip-sim: this is no path: %s\n", arguments->path);
    else if (!is_sound)
        printf("world %s: %s\n", arguments->plan->name, explorer->sim->failure);
    exhaust_free(explorer);
    return is_path && is_sound ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- arguments ---- */

static bool number_read(const char *text, int64_t unit, int64_t most, int64_t *ret_number)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    *ret_number = (int64_t)number * unit;
    return errno == 0 && end != text && *end == '\0' && number > 0 && number <= most;
}

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

static bool argument_read(const char *name, const char *value, struct arguments *arguments)
{
    if (strcmp(name, "--minutes") == 0)
        return number_read(value, 60, INT32_MAX, &arguments->seconds);
    if (strcmp(name, "--seconds") == 0)
        return number_read(value, 1, INT32_MAX, &arguments->seconds);
    if (strcmp(name, "--jobs") == 0)
        return number_read(value, 1, JOBS_MAX, &arguments->jobs);
    if (strcmp(name, "--world") == 0)
        return plan_read(value, &arguments->plan);
    if (strcmp(name, "--path") == 0)
        return (arguments->path = value) != NULL;
    return false;
}

int exhaust_main(int argc, char **argv)
{
    struct arguments arguments = { .jobs = 1 };
    bool is_read = argc % 2 == 0;
    for (int i = 0; i + 1 < argc && is_read; i += 2)
        is_read = argument_read(argv[i], argv[i + 1], &arguments);
    if (!is_read || (arguments.path != NULL && arguments.plan == NULL)) {
        fprintf(stderr, "usage: roundtrip-sim --exhaustive [--minutes N | --seconds N] [--jobs N] "
                        "[--world NAME [--path CHOICES]]\n");
        return EXIT_USAGE;
    }
    return arguments.path != NULL ? path_tell(&arguments) : explore(&arguments);
}
