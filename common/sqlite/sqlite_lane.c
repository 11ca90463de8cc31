/* sqlite_lane.c - who has which lane, and what runs on it. */
#include "common/base/clock.h"
#include "common/base/thread.h"
#include "common/sqlite/sqlite_file.h"

#include <assert.h>

/* ---- whose ---------------------------------------------------------------------------------- */

static struct lane *lane_take(struct sqlite_file *file, int first, int last, struct error *error)
{
    assert(first >= 0 && first <= last && last < SQLITE_LANES);
    int64_t until_ms = clock_monotonic_ms() + SQLITE_LANE_WAIT_MS;
    struct lane *taken = NULL;
    bool is_late = false;
    pthread_mutex_lock(&file->mutex);
    while (true) {
        for (int i = first; i <= last && taken == NULL; i++) {
            if (!file->lanes[i].is_taken) {
                taken = &file->lanes[i];
                taken->is_taken = true;
            }
        }
        if (taken != NULL || is_late)
            break;
        is_late = !thread_wait(&file->returned, &file->mutex, until_ms);
    }
    pthread_mutex_unlock(&file->mutex);
    if (taken == NULL) {
        error_set(error, ERROR_RETRY, "sqlite: %s was busy for %d ms", file->path,
                  SQLITE_LANE_WAIT_MS);
    }
    return taken;
}

struct lane *lane_take_reader(struct sqlite_file *file, struct error *error)
{
    pthread_mutex_lock(&file->mutex);
    bool is_saver = file->has_saver && pthread_equal(file->saver, pthread_self()) != 0;
    pthread_mutex_unlock(&file->mutex);
    return is_saver ? lane_take(file, 0, 0, error) : lane_take(file, 1, SQLITE_LANES - 1, error);
}

struct lane *lane_take_writer(struct sqlite_file *file, struct error *error)
{
    struct lane *lane = lane_take(file, 0, 0, error);
    if (lane == NULL)
        return NULL;
    int is_moved = 0;
    sqlite3_file_control(lane->connection, "main", SQLITE_FCNTL_HAS_MOVED, &is_moved);
    if (is_moved != 0) {
        error_set(error, ERROR_RETRY,
                  "sqlite: %s was moved or deleted while in use; put it back, or restart on a new "
                  "one",
                  file->path);
        lane_return(&lane);
    }
    return lane;
}

struct lane *lane_take_saver(struct sqlite_file *file, struct error *error)
{
    struct lane *lane = lane_take_writer(file, error);
    if (lane != NULL) {
        pthread_mutex_lock(&file->mutex);
        file->saver = pthread_self();
        file->has_saver = true;
        pthread_mutex_unlock(&file->mutex);
    }
    return lane;
}

void lane_return(struct lane **lane)
{
    if (*lane != NULL) {
        struct sqlite_file *file = (*lane)->file;
        pthread_mutex_lock(&file->mutex);
        assert((*lane)->is_taken);
        (*lane)->is_taken = false;
        pthread_cond_broadcast(&file->returned); /* those who wait want different lanes */
        pthread_mutex_unlock(&file->mutex);
        *lane = NULL;
    }
}

/* ---- what runs on it ------------------------------------------------------------------------ */

static enum error_code code_meaning(int code)
{
    switch (code & 0xff) { /* the rest of the bits says more, but not to us */
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
        return ERROR_BUG;
    default: /* busy, full, not readable, out of memory: it may mend */
        return ERROR_RETRY;
    }
}

bool lane_fail(const struct lane *lane, struct error *error)
{
    assert(lane->connection != NULL);
    int code = sqlite3_extended_errcode(lane->connection);
    return error_set(error, code_meaning(code), "sqlite: %s: %s (code %d)", lane->file->path,
                     sqlite3_errmsg(lane->connection), code);
}

bool lane_sync(struct lane *lane, enum lane_sync sync, struct error *error)
{
    assert(lane->connection != NULL);
    static const char *const sqls[] = {
        [LANE_SYNC_CHECKPOINTS] = "PRAGMA synchronous = NORMAL",
        [LANE_SYNC_COMMITS] = "PRAGMA synchronous = FULL",
    };
    if (lane->sync != sync) {
        lane->sync = LANE_SYNC_UNKNOWN;
        int code = sqlite3_exec(lane->connection, sqls[sync], NULL, NULL, NULL);
        if (code != SQLITE_OK)
            return lane_fail(lane, error);
        lane->sync = sync;
    }
    return true;
}

bool lane_run(struct lane *lane, enum lane_statement which, struct error *error)
{
    assert(which < LANE_STATEMENT_COUNT && lane->statements[which] != NULL);
    sqlite3_stmt *statement = lane->statements[which];
    bool is_done = sqlite3_step(statement) == SQLITE_DONE || lane_fail(lane, error);
    sqlite3_reset(statement);
    return is_done;
}

bool lane_finish(struct lane *lane, bool is_good, struct error *error)
{
    assert(lane->is_taken);
    if (is_good && lane_run(lane, LANE_COMMIT, error))
        return true;
    /* SQLite may have rolled back by itself. If this fails too, the next BEGIN will say so. */
    if (sqlite3_get_autocommit(lane->connection) == 0) {
        (void)sqlite3_step(lane->statements[LANE_ROLLBACK]);
        (void)sqlite3_reset(lane->statements[LANE_ROLLBACK]);
    }
    return false;
}
