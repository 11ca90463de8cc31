#include "common/store/sqlite_file.h"

#include <assert.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define WAL_BYTES_KEPT "67108864" /* a burst's log shrinks to this after the next checkpoint */

/* A table with rowids: documents of some kilobytes make a WITHOUT ROWID tree deep, and it measured
 * slower. The numbers are 0 and not NULL where there is none; the partial indexes hold only the
 * documents that wait, and a query must say `> 0` as they do, or they are not used. */
static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS \"%w\" ("
    " id TEXT PRIMARY KEY NOT NULL,"
    " version INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " due_at INTEGER NOT NULL,"
    " owed_at INTEGER NOT NULL,"
    " body BLOB NOT NULL);"
    "CREATE INDEX IF NOT EXISTS \"%w_due\" ON \"%w\" (due_at, id) WHERE due_at > 0;"
    "CREATE INDEX IF NOT EXISTS \"%w_owed\" ON \"%w\" (owed_at, id) WHERE owed_at > 0;"
    "CREATE INDEX IF NOT EXISTS \"%w_newest\" ON \"%w\" (created_at DESC, id DESC);";

/* %w is the table. */
static const char *const statement_sql[LANE_STATEMENT_COUNT] = {
    [LANE_BEGIN_READ] = "BEGIN",
    /* The lock is taken at once: a transaction that becomes a writer later may find that its
     * snapshot is outdated, and waiting does not mend that. */
    [LANE_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [LANE_COMMIT] = "COMMIT",
    [LANE_ROLLBACK] = "ROLLBACK",
    [LANE_LOAD] = "SELECT id, version, created_at, due_at, owed_at, body FROM \"%w\" WHERE id = ?1",
    /* Changes no row when the version has moved on; as on MongoDB, a removed document comes back.
     */
    [LANE_SAVE] = "INSERT INTO \"%w\" (id, version, created_at, due_at, owed_at, body)"
                  " VALUES (?1, ?2 + 1, ?3, ?4, ?5, ?6)"
                  " ON CONFLICT (id) DO UPDATE SET version = excluded.version,"
                  " created_at = excluded.created_at, due_at = excluded.due_at,"
                  " owed_at = excluded.owed_at, body = excluded.body WHERE version = ?2",
    [LANE_BODY_AT] = "SELECT body FROM \"%w\" WHERE id = ?1 AND version = ?2",
    [LANE_CLEAR] = "UPDATE \"%w\" SET owed_at = 0, body = ?3 WHERE id = ?1 AND version = ?2",
    [LANE_DUE] = "SELECT id FROM \"%w\" WHERE due_at > 0 AND due_at <= ?1"
                 " ORDER BY due_at, id LIMIT ?2",
    [LANE_OWED] = "SELECT id FROM \"%w\" WHERE owed_at > 0 AND owed_at <= ?1"
                  " ORDER BY owed_at, id LIMIT ?2",
    [LANE_COUNT_OWED] = "SELECT count(*) FROM (SELECT 1 FROM \"%w\" WHERE owed_at > 0 LIMIT ?1)",
    [LANE_LIST] = "SELECT id, version, created_at, due_at, owed_at, body FROM \"%w\""
                  " WHERE (created_at, id) < (?1, ?2) ORDER BY created_at DESC, id DESC LIMIT ?3",
};

/* ---- errors -------------------------------------------------------------------------------- */

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
    int code = sqlite3_extended_errcode(lane->connection);
    return error_set(error, code_meaning(code), "sqlite: %s: %s (code %d)", lane->file->path,
                     sqlite3_errmsg(lane->connection), code);
}

/* Why it cannot be opened, in words that help whoever started us. */
static bool open_fail(const struct lane *lane, int code, struct error *error)
{
    const char *path = lane->file->path;
    char directory[512];
    struct stat status;
    snprintf(directory, sizeof directory, "%s", path);
    const char *parent = dirname(directory);
    int kind = code & 0xff;
    if (stat(parent, &status) != 0 || !S_ISDIR(status.st_mode)) {
        return error_set(error, ERROR_REJECT,
                         "sqlite: cannot open %s: there is no directory %s; create it (mkdir -p)",
                         path, parent);
    }
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return error_set(error, ERROR_REJECT,
                         "sqlite: cannot open %s: it is a directory; name a file in it", path);
    }
    if (kind == SQLITE_NOTADB || kind == SQLITE_CORRUPT) {
        return error_set(error, ERROR_REJECT,
                         "sqlite: %s is not an SQLite database, or a damaged one; name another "
                         "file, or restore this one from a copy",
                         path);
    }
    if (kind == SQLITE_CANTOPEN || kind == SQLITE_PERM || kind == SQLITE_READONLY) {
        return error_set(error, ERROR_REJECT,
                         "sqlite: cannot write %s: give this user the right to write it and to "
                         "create files in %s",
                         path, parent);
    }
    if (kind == SQLITE_ERROR) {
        return error_set(error, ERROR_REJECT,
                         "sqlite: %s holds something other than this store (%s); name another file",
                         path, sqlite3_errmsg(lane->connection));
    }
    return lane_fail(lane, error);
}

/* ---- opening ------------------------------------------------------------------------------- */

/* The formats hold nothing but %w, at most eight times. */
static char *sql_new(const char *format, const char *table)
{
    char *sql = sqlite3_mprintf(format, table, table, table, table, table, table, table, table);
    if (sql == NULL) {
        abort(); /* out of memory while starting */
    }
    return sql;
}

static int run_sql(struct lane *lane, const char *format, const char *table)
{
    char *sql = sql_new(format, table);
    int code = sqlite3_exec(lane->connection, sql, NULL, NULL, NULL);
    sqlite3_free(sql);
    return code;
}

/* The switch to a write-ahead log does not wait for other processes that do the same, so that we
 * have to; once the file is in that mode it answers at once. */
static int switch_to_wal(struct lane *lane, bool *ret_is_wal)
{
    int code = SQLITE_BUSY;
    for (int waited_ms = 0; code == SQLITE_BUSY && waited_ms < SQLITE_BUSY_WAIT_MS;
         waited_ms += 20) {
        sqlite3_stmt *statement = NULL;
        code =
            sqlite3_prepare_v2(lane->connection, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
        if (code == SQLITE_OK) {
            code = sqlite3_step(statement);
            *ret_is_wal = code == SQLITE_ROW &&
                          strcmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
            sqlite3_finalize(statement);
        }
        code &= 0xff;
        if (code == SQLITE_BUSY) {
            nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
        }
    }
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

/* Asks again every millisecond. SQLite's own handler waits up to a tenth of a second between two
 * looks, and then a process that saves without a pause keeps the others out until they give up. */
static int wait_for_lock(void *unused, int waits)
{
    (void)unused;
    if (waits >= SQLITE_BUSY_WAIT_MS) {
        return 0;
    }
    nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    return 1;
}

static bool lane_open(struct lane *lane, struct error *error)
{
    /* One thread at a time has a lane, so SQLite need not lock it as well. */
    int code =
        sqlite3_open_v2(lane->file->path, &lane->connection,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK) {
        return open_fail(lane, code, error);
    }
    sqlite3_extended_result_codes(lane->connection, 1);
    sqlite3_busy_handler(lane->connection, wait_for_lock, NULL);
    sqlite3_db_config(lane->connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(lane->connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (sqlite3_db_readonly(lane->connection, "main") == 1) {
        return open_fail(lane, SQLITE_READONLY, error); /* SQLite itself would be content */
    }
    bool is_wal = false;
    code = switch_to_wal(lane, &is_wal);
    if (code != SQLITE_OK) {
        return open_fail(lane, code, error);
    }
    if (!is_wal) {
        return error_set(error, ERROR_REJECT,
                         "sqlite: %s cannot have a write-ahead log here (a network file system?); "
                         "name a file on a local disk",
                         lane->file->path);
    }
    /* FULL: the log reaches the disk before a commit returns, and before anyone can read it. */
    code = sqlite3_exec(lane->connection,
                        "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = " WAL_BYTES_KEPT,
                        NULL, NULL, NULL);
    return code == SQLITE_OK || open_fail(lane, code, error);
}

static bool lane_prepare(struct lane *lane, const char *table, struct error *error)
{
    for (int i = 0; i < LANE_STATEMENT_COUNT; i++) {
        char *sql = sql_new(statement_sql[i], table);
        int code = sqlite3_prepare_v3(lane->connection, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                      &lane->statements[i], NULL);
        sqlite3_free(sql);
        if (code != SQLITE_OK) {
            return open_fail(lane, code, error);
        }
    }
    return true;
}

static bool path_check(const char *path, struct error *error)
{
    if (path[0] == '\0' || strcmp(path, ":memory:") == 0) {
        return error_set(error, ERROR_REJECT,
                         "sqlite: sqlite:%s would keep nothing; name a file, as in "
                         "sqlite:/var/lib/roundtrip/booking.db",
                         path);
    }
    if (strncmp(path, "//", 2) == 0 && path[2] != '/') {
        return error_set(error, ERROR_REJECT,
                         "sqlite: sqlite:%s reads like a host; write sqlite:FILE or "
                         "sqlite:///absolute/FILE",
                         path);
    }
    return true;
}

struct sqlite_file *sqlite_file_open(const char *path, const char *table, struct error *error)
{
    if (!path_check(path, error)) {
        return NULL;
    }
    struct sqlite_file *file = calloc(1, sizeof *file);
    char *copy = strdup(path);
    if (file == NULL || copy == NULL) {
        abort(); /* out of memory while starting */
    }
    file->path = copy;
    pthread_mutex_init(&file->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&file->returned, &attributes);
    pthread_condattr_destroy(&attributes);
    for (int i = 0; i < SQLITE_LANES; i++) {
        struct lane *lane = &file->lanes[i];
        lane->file = file;
        if (!lane_open(lane, error)) {
            return sqlite_file_close(file);
        }
        int code = i == 0 ? run_sql(lane, schema_sql, table) : SQLITE_OK;
        if (code != SQLITE_OK) {
            open_fail(lane, code, error);
            return sqlite_file_close(file);
        }
        if (!lane_prepare(lane, table, error)) {
            return sqlite_file_close(file);
        }
    }
    return file;
}

struct sqlite_file *sqlite_file_close(struct sqlite_file *file)
{
    if (file != NULL) {
        for (int i = 0; i < SQLITE_LANES; i++) {
            struct lane *lane = &file->lanes[i];
            assert(!lane->is_taken);
            for (int k = 0; k < LANE_STATEMENT_COUNT; k++) {
                sqlite3_finalize(lane->statements[k]);
            }
            int code = sqlite3_close(lane->connection);
            assert(code == SQLITE_OK);
        }
        pthread_cond_destroy(&file->returned);
        pthread_mutex_destroy(&file->mutex);
        free(file->path);
        free(file);
    }
    return NULL;
}

/* ---- lanes --------------------------------------------------------------------------------- */

static struct lane *lane_take(struct sqlite_file *file, int first, int last, struct error *error)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += SQLITE_LANE_WAIT_MS / 1000;
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
        if (taken != NULL || is_late) {
            break;
        }
        is_late = pthread_cond_timedwait(&file->returned, &file->mutex, &until) == ETIMEDOUT;
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
    return lane_take(file, 1, SQLITE_LANES - 1, error);
}

struct lane *lane_take_writer(struct sqlite_file *file, struct error *error)
{
    struct lane *lane = lane_take(file, 0, 0, error);
    if (lane == NULL) {
        return NULL;
    }
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

void lane_return(struct lane **lane)
{
    if (*lane != NULL) {
        struct sqlite_file *file = (*lane)->file;
        pthread_mutex_lock(&file->mutex);
        (*lane)->is_taken = false;
        pthread_cond_broadcast(&file->returned); /* those who wait want different lanes */
        pthread_mutex_unlock(&file->mutex);
        *lane = NULL;
    }
}

bool lane_run(struct lane *lane, enum lane_statement which, struct error *error)
{
    sqlite3_stmt *statement = lane->statements[which];
    bool is_done = sqlite3_step(statement) == SQLITE_DONE || lane_fail(lane, error);
    sqlite3_reset(statement);
    return is_done;
}

bool lane_finish(struct lane *lane, bool is_good, struct error *error)
{
    if (is_good && lane_run(lane, LANE_COMMIT, error)) {
        return true;
    }
    /* SQLite may have rolled back by itself. If this fails too, the next BEGIN will say so. */
    if (sqlite3_get_autocommit(lane->connection) == 0) {
        (void)sqlite3_step(lane->statements[LANE_ROLLBACK]);
        (void)sqlite3_reset(lane->statements[LANE_ROLLBACK]);
    }
    return false;
}
