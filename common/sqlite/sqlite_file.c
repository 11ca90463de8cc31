/* sqlite_file.c - the schema and the statements, opened lane by lane; and what is said to whoever
 * named a file that cannot be used. */
#include "common/sqlite/sqlite_file.h"
#include "common/base/memory.h"
#include "common/saga/store_backend.h"

#include <assert.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define WAL_BYTES_KEPT "67108864" /* a burst's log shrinks to this after the next checkpoint */

/* A table with rowids: documents of some kilobytes make a WITHOUT ROWID tree deep, and it measured
 * slower. The numbers are 0 and not NULL where there is none; the partial indexes hold only the
 * documents that wait, and a query must say `> 0` as they do, or they are not used. The newest come
 * last in their index, for a tree that grows at its end fills its pages. */
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
    "CREATE INDEX IF NOT EXISTS \"%w_newest\" ON \"%w\" (created_at, id);"
    "CREATE TABLE IF NOT EXISTS \"%w_pulse\" (id INTEGER PRIMARY KEY, beats INTEGER NOT NULL);";

/* %w is the table. */
static const char *const statement_sql[LANE_STATEMENT_COUNT] = {
    [LANE_BEGIN_READ] = "BEGIN",
    /* The lock is taken at once: a transaction that becomes a writer later may find that its
     * snapshot is outdated, and waiting does not mend that. */
    [LANE_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [LANE_COMMIT] = "COMMIT",
    [LANE_ROLLBACK] = "ROLLBACK",
    [LANE_LOAD] = "SELECT id, version, created_at, due_at, owed_at, body FROM \"%w\" WHERE id = ?1",
    /* created_at stays as it was inserted, so that an update leaves its index alone. */
    [LANE_UPDATE] = "UPDATE \"%w\" SET version = ?2 + 1, due_at = ?4, owed_at = ?5, body = ?6"
                    " WHERE id = ?1 AND version = ?2",
    [LANE_INSERT] = "INSERT INTO \"%w\" (id, version, created_at, due_at, owed_at, body)"
                    " VALUES (?1, ?2 + 1, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO NOTHING",
    [LANE_CLEAR] = "UPDATE \"%w\" SET owed_at = 0, body = without_owed(body)"
                   " WHERE id = ?1 AND version = ?2",
    [LANE_DUE] = "SELECT id FROM \"%w\" WHERE due_at > 0 AND due_at > ?1 AND due_at <= ?2"
                 " ORDER BY due_at, id LIMIT ?3 OFFSET ?4",
    [LANE_OWED] = "SELECT id FROM \"%w\" WHERE owed_at > 0 AND owed_at > ?1 AND owed_at <= ?2"
                  " ORDER BY owed_at, id LIMIT ?3 OFFSET ?4",
    [LANE_COUNT_OWED] = "SELECT count(*) FROM (SELECT 1 FROM \"%w\" WHERE owed_at > 0 LIMIT ?1)",
    [LANE_LIST] = "SELECT id, version, created_at, due_at, owed_at, body FROM \"%w\""
                  " WHERE (created_at, id) < (?1, ?2) ORDER BY created_at DESC, id DESC LIMIT ?3",
    [LANE_PULSE] = "INSERT INTO \"%w_pulse\" (id, beats) VALUES (1, 1)"
                   " ON CONFLICT (id) DO UPDATE SET beats = beats + 1",
};

/* ---- opening ------------------------------------------------------------------------------- */

/* A file in a directory that is there. */
static bool place_check(const char *path, struct error *error)
{
    char directory[512];
    struct stat status;
    snprintf(directory, sizeof directory, "%s", path);
    const char *parent = dirname(directory);
    if (stat(parent, &status) != 0 || !S_ISDIR(status.st_mode)) {
        return error_set(error, ERROR_REJECT,
                         "sqlite: cannot open %s: there is no directory %s; create it (mkdir -p)",
                         path, parent);
    }
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return error_set(error, ERROR_REJECT,
                         "sqlite: cannot open %s: it is a directory; name a file in it", path);
    }
    return true;
}

/* Why it cannot be opened, in words that help whoever started us. */
static bool open_fail(const struct lane *lane, int code, struct error *error)
{
    const char *path = lane->file->path;
    int kind = code & 0xff;
    if (!place_check(path, error))
        return false;
    if (kind == SQLITE_NOTADB || kind == SQLITE_CORRUPT) {
        return error_set(error, ERROR_REJECT,
                         "sqlite: %s is not an SQLite database, or a damaged one; name another "
                         "file, or restore this one from a copy",
                         path);
    }
    if (kind == SQLITE_CANTOPEN || kind == SQLITE_PERM || kind == SQLITE_READONLY) {
        return error_set(error, ERROR_REJECT,
                         "sqlite: cannot write %s: give this user the right to write it and to "
                         "create files beside it",
                         path);
    }
    if (kind == SQLITE_ERROR) {
        return error_set(error, ERROR_REJECT,
                         "sqlite: %s holds something other than this store (%s); name another file",
                         path, sqlite3_errmsg(lane->connection));
    }
    return lane_fail(lane, error);
}

/* The formats hold nothing but %w, at most nine times. */
static char *sql_new(const char *format, const char *table)
{
    return memory_check(
        sqlite3_mprintf(format, table, table, table, table, table, table, table, table, table));
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
        if (code == SQLITE_BUSY)
            nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    }
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

/* Asks again every millisecond. SQLite's own handler waits up to a tenth of a second between two
 * looks, and then a process that saves without a pause keeps the others out until they give up. */
static int wait_for_lock(void *unused, int waits)
{
    (void)unused;
    if (waits >= SQLITE_BUSY_WAIT_MS)
        return 0;
    nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    return 1;
}

static bool lane_open(struct lane *lane, struct error *error)
{
    /* One thread at a time has a lane, so SQLite need not lock it as well. */
    int code =
        sqlite3_open_v2(lane->file->path, &lane->connection,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK)
        return open_fail(lane, code, error);
    sqlite3_extended_result_codes(lane->connection, 1);
    sqlite3_busy_handler(lane->connection, wait_for_lock, NULL);
    sqlite3_db_config(lane->connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(lane->connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (sqlite3_db_readonly(lane->connection, "main") == 1)
        return open_fail(lane, SQLITE_READONLY, error); /* SQLite itself would be content */
    bool is_wal = false;
    code = switch_to_wal(lane, &is_wal);
    if (code != SQLITE_OK)
        return open_fail(lane, code, error);
    if (!is_wal) {
        return error_set(error, ERROR_REJECT,
                         "sqlite: %s cannot have a write-ahead log here (a network file system?); "
                         "name a file on a local disk",
                         lane->file->path);
    }
    /* secure_delete is on in some builds; its zeros over what an update replaces hide nothing, for
     * the next version holds the same. */
    code = sqlite3_exec(lane->connection,
                        "PRAGMA secure_delete = OFF; PRAGMA journal_size_limit = " WAL_BYTES_KEPT,
                        NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return open_fail(lane, code, error);
    return lane_sync(lane, LANE_SYNC_COMMITS, error);
}

static bool lane_prepare(struct lane *lane, const char *table, struct error *error)
{
    int registered = sqlite_body_register(lane->connection);
    if (registered != SQLITE_OK)
        return open_fail(lane, registered, error);
    for (int i = 0; i < LANE_STATEMENT_COUNT; i++) {
        char *sql = sql_new(statement_sql[i], table);
        int code = sqlite3_prepare_v3(lane->connection, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                      &lane->statements[i], NULL);
        sqlite3_free(sql);
        if (code != SQLITE_OK)
            return open_fail(lane, code, error);
    }
    return true;
}

bool sqlite_path_check(const char *path, struct error *error)
{
    assert(path != NULL);
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
    return place_check(path, error);
}

/* The table, its indexes, and whose it is. */
static bool schema_make(struct lane *lane, const char *service, const char *table,
                        struct error *error)
{
    int code = run_sql(lane, schema_sql, table);
    if (code == SQLITE_OK) {
        code = sqlite_owner_check(lane->connection, table, service, error);
        if (code == SQLITE_CONSTRAINT)
            return error_wrap(error, "sqlite");
    }
    return code == SQLITE_OK ? true : open_fail(lane, code, error);
}

struct sqlite_file *sqlite_file_open(const char *path, const char *service, const char *table,
                                     struct error *error)
{
    assert(service != NULL && table != NULL);
    if (!sqlite_path_check(path, error))
        return NULL;
    /* Its statistics of memory cost a mutex at each allocation. Too late for the second file of a
     * process, which changes nothing. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    struct sqlite_file *file = memory_alloc(1, sizeof *file);
    file->path = memory_text(path);
    pthread_mutex_init(&file->mutex, NULL);
    pthread_cond_init(&file->returned, NULL);
    for (int i = 0; i < SQLITE_LANES; i++) {
        struct lane *lane = &file->lanes[i];
        lane->file = file;
        if (!lane_open(lane, error))
            return sqlite_file_close(file);
        if ((i == 0 && !schema_make(lane, service, table, error)) ||
            !lane_prepare(lane, table, error))
            return sqlite_file_close(file);
    }
    return file;
}

struct sqlite_file *sqlite_file_close(struct sqlite_file *file)
{
    if (file != NULL) {
        for (int i = 0; i < SQLITE_LANES; i++) {
            struct lane *lane = &file->lanes[i];
            assert(!lane->is_taken);
            for (int k = 0; k < LANE_STATEMENT_COUNT; k++)
                sqlite3_finalize(lane->statements[k]);
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
