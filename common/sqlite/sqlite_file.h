/* sqlite_file.h - one SQLite file as several threads and processes use it. Private to common/store.
 *
 * A lane is a connection with its statements, held by one thread at a time: one lane writes, the
 * others read, and in WAL mode neither waits for the other. Between processes the file's own lock
 * lets one write at a time. Everything that waits does so for a bounded time. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>

#define SQLITE_LANES        4    /* the first one writes */
#define SQLITE_LANE_WAIT_MS 3000 /* for another thread of this process */
#define SQLITE_BUSY_WAIT_MS 3000 /* for another process */

enum lane_statement {
    LANE_BEGIN_READ,
    LANE_BEGIN_WRITE,
    LANE_COMMIT,
    LANE_ROLLBACK,
    LANE_LOAD,
    LANE_UPDATE, /* changes no row when the version has moved on */
    LANE_INSERT, /* changes no row when there is one; the same parameters */
    LANE_CLEAR,
    LANE_DUE,
    LANE_OWED,
    LANE_COUNT_OWED,
    LANE_LIST,
    LANE_PULSE,
    LANE_STATEMENT_COUNT
};

/* When the log is written to the disk. */
enum lane_sync {
    LANE_SYNC_UNKNOWN,
    LANE_SYNC_CHECKPOINTS, /* or with somebody's next commit; what a power cut may undo */
    LANE_SYNC_COMMITS,     /* before a commit returns, and before anyone can read it */
};

struct sqlite_file;
struct lane {
    struct sqlite_file *file;
    sqlite3 *connection;
    sqlite3_stmt *statements[LANE_STATEMENT_COUNT];
    enum lane_sync sync;
    bool is_taken;
};

struct sqlite_file {
    char *path;
    pthread_mutex_t mutex; /* guards is_taken of all lanes, and the saver */
    pthread_cond_t returned;
    struct lane lanes[SQLITE_LANES];
    pthread_t saver; /* who saved last */
    bool has_saver;
};

/* ERROR_REJECT: the file cannot be one, and how to make it one. ERROR_RETRY: it is busy. */
MUST_CHECK struct sqlite_file *sqlite_file_open(const char *path, const char *service,
                                                const char *table, struct error *error);
struct sqlite_file *sqlite_file_close(struct sqlite_file *file); /* returns NULL */

/* A free lane, or NULL with ERROR_RETRY when there was none in time. The thread that saves reads
 * through the writing lane: a commit voids the page caches of all lanes but its own. */
MUST_CHECK struct lane *lane_take_reader(struct sqlite_file *file, struct error *error);
/* Also refuses a file that has been moved or deleted: what it would save nobody would find. */
MUST_CHECK struct lane *lane_take_writer(struct sqlite_file *file, struct error *error);
/* The same, by a thread that is going to save. */
MUST_CHECK struct lane *lane_take_saver(struct sqlite_file *file, struct error *error);
void lane_return(struct lane **lane); /* for CLEANUP; of NULL it does nothing */

/* Of the transactions that begin from now on. Costs next to nothing when it is so already. */
MUST_CHECK bool lane_sync(struct lane *lane, enum lane_sync sync, struct error *error);

/* Gives the connection the SQL function without_owed(body). Returns SQLite's code. */
MUST_CHECK int sqlite_body_register(sqlite3 *connection);

/* The first service that opens a table owns it. SQLITE_OK: this one does; SQLITE_CONSTRAINT:
 * another does, and error says so; anything else is SQLite's failure. */
MUST_CHECK int sqlite_owner_check(sqlite3 *connection, const char *table, const char *service,
                                  struct error *error);

/* Runs a statement that returns no rows. */
MUST_CHECK bool lane_run(struct lane *lane, enum lane_statement which, struct error *error);

/* The transaction's end: commits if is_good, otherwise, or if that fails, rolls back. Returns
 * whether it is committed; error is set by a failed commit alone. */
MUST_CHECK bool lane_finish(struct lane *lane, bool is_good, struct error *error);

/* Says what the connection's last failure means to the caller. Returns false. */
bool lane_fail(const struct lane *lane, struct error *error);
