/* sim_jobs.c - each job is a process of its own with every n-th seed, and reports through memory
 * that it shares with its parent, so that a process that ends in an assertion still names its seed.
 */
#include "sim/random/sim_jobs.h"
#include "sim/world/sim.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_S       2
#define UNOBSERVED_EVERY 64 /* so many schedules, one is run again without observers */

struct job {
    pid_t pid;
    _Atomic uint64_t schedules;
    _Atomic uint64_t running_seed;
    uint64_t steps, port_calls; /* once it is through */
    bool has_failed;
    char failure[SIM_FAILURE_SIZE];
    uint64_t reached[ANOMALY_COUNT];
};

struct shared {
    _Atomic bool is_over;
    struct job jobs[SIM_JOBS_MAX];
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- in the job's process ---- */

static void job_run(const struct sim_campaign *campaign, struct shared *shared, int64_t number)
{
    const struct sim_options silent = { .is_told = false };
    struct job *job = &shared->jobs[number];
    struct sim *sim = sim_new();
    double begun = seconds_now();
    for (int64_t at = number; !shared->is_over; at += campaign->jobs) {
        bool is_late = campaign->seconds > 0 && seconds_now() - begun >= campaign->seconds;
        if (is_late || (campaign->schedules > 0 && at >= campaign->schedules))
            break;
        uint64_t seed = (uint64_t)(campaign->from + at);
        job->running_seed = seed;
        bool is_sound = sim_run(sim, seed, &silent);
        job->schedules++;
        anomaly_count(&sim->reached, job->reached);
        if (is_sound && seed % UNOBSERVED_EVERY == 0)
            is_sound = sim_unobserved_check(sim, seed);
        if (is_sound)
            continue;
        memcpy(job->failure, sim->failure, sizeof job->failure);
        job->has_failed = true;
        shared->is_over = true;
        break;
    }
    job->steps = sim->steps;
    job->port_calls = sim->port_calls;
    (void)sim_free(sim);
}

/* ---- in the parent ---- */

static uint64_t schedules_sum(const struct shared *shared, int64_t jobs)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < jobs; i++)
        sum += shared->jobs[i].schedules;
    return sum;
}

static void progress_show(const struct sim_campaign *campaign, const struct shared *shared,
                          double seconds)
{
    uint64_t sum = schedules_sum(shared, campaign->jobs);
    fprintf(stderr, "%llu schedules in %.0f s, %.0f per second, all invariants hold\n",
            (unsigned long long)sum, seconds, (double)sum / seconds);
}

static void job_ended(struct shared *shared, int64_t jobs, pid_t pid, int status)
{
    for (int64_t i = 0; i < jobs; i++) {
        struct job *job = &shared->jobs[i];
        if (job->pid != pid)
            continue;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS) {
            job->has_failed = true;
            shared->is_over = true;
            snprintf(job->failure, sizeof job->failure, "crash: the process ended with %s %d",
                     WIFSIGNALED(status) ? "signal" : "status",
                     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        }
    }
}

/* SIGCHLD is blocked: it wakes this wait, and nothing else. */
static void jobs_await(const struct sim_campaign *campaign, struct shared *shared, int64_t running)
{
    const struct timespec patience = { .tv_sec = PROGRESS_S };
    double begun = seconds_now();
    double shown = begun;
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    while (running > 0) {
        int status;
        pid_t pid;
        (void)sigtimedwait(&children, NULL, &patience);
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
            job_ended(shared, campaign->jobs, pid, status);
            running--;
        }
        double now = seconds_now();
        if (running > 0 && now - shown >= PROGRESS_S) {
            progress_show(campaign, shared, now - begun);
            shown = now;
        }
    }
}

static bool jobs_start(const struct sim_campaign *campaign, struct shared *shared,
                       int64_t *ret_running)
{
    fflush(NULL); /* or each job would write it again */
    for (*ret_running = 0; *ret_running < campaign->jobs; ++*ret_running) {
        pid_t pid = fork();
        if (pid == 0) {
            job_run(campaign, shared, *ret_running);
            _exit(EXIT_SUCCESS);
        }
        if (pid < 0) {
            fprintf(stderr, "roundtrip-sim: job %lld does not start: %s\n",
                    (long long)*ret_running + 1, strerror(errno));
            shared->is_over = true;
            return false;
        }
        shared->jobs[*ret_running].pid = pid;
    }
    return true;
}

static void tally_add(struct sim_tally *tally, const struct job *job)
{
    tally->schedules += job->schedules;
    tally->steps += job->steps;
    tally->port_calls += job->port_calls;
    for (size_t i = 0; i < ANOMALY_COUNT; i++)
        tally->reached[i] += job->reached[i];
    if (!job->has_failed || (tally->has_failed && tally->seed < job->running_seed))
        return;
    tally->has_failed = true;
    tally->seed = job->running_seed;
    memcpy(tally->failure, job->failure, sizeof tally->failure);
}

bool sim_campaign_run(const struct sim_campaign *campaign, struct sim_tally *ret_tally)
{
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        abort();
    sigset_t children;
    sigset_t before;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, &before);
    double begun = seconds_now();
    int64_t running;
    bool are_started = jobs_start(campaign, shared, &running);
    jobs_await(campaign, shared, running);
    sigprocmask(SIG_SETMASK, &before, NULL);
    memset(ret_tally, 0, sizeof *ret_tally);
    ret_tally->seconds = seconds_now() - begun;
    for (int64_t i = 0; i < campaign->jobs; i++)
        tally_add(ret_tally, &shared->jobs[i]);
    munmap(shared, sizeof *shared);
    return are_started;
}
