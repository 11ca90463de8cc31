/* bound_sqlite.c - the store bound on SQLite: a transaction for each batch, synced to the disk by
 * its commit. */
#include "bench/bound_store.h"

#include "common/base/memory.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define ID_SIZE   37

struct sqlite {
    sqlite3 *connection;
    sqlite3_stmt *insert, *update;
    uint8_t body[BOUND_BODY_BYTES];
};

static void run(struct sqlite *sqlite, const char *sql)
{
    if (sqlite3_exec(sqlite->connection, sql, NULL, NULL, NULL) != SQLITE_OK)
        bound_fail(sql, sqlite3_errmsg(sqlite->connection));
}

static sqlite3_stmt *prepared(struct sqlite *sqlite, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v3(sqlite->connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                           NULL) != SQLITE_OK)
        bound_fail(sql, sqlite3_errmsg(sqlite->connection));
    return statement;
}

static void sqlite_write(void *self, uint64_t first, size_t count, int64_t version)
{
    struct sqlite *sqlite = self;
    sqlite3_stmt *statement = version == 0 ? sqlite->insert : sqlite->update;
    run(sqlite, "BEGIN IMMEDIATE");
    for (size_t i = 0; i < count; i++) {
        char id[ID_SIZE];
        (void)snprintf(id, sizeof id, "01a0f5a7-7000-7b3c-9d2e-%012" PRIx64, first + i);
        sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 2, version);
        sqlite3_bind_blob(statement, 3, sqlite->body, BOUND_BODY_BYTES, SQLITE_STATIC);
        if (sqlite3_step(statement) != SQLITE_DONE || sqlite3_changes(sqlite->connection) != 1)
            bound_fail("sqlite", sqlite3_errmsg(sqlite->connection));
        sqlite3_reset(statement);
    }
    run(sqlite, "COMMIT");
}

static void sqlite_close(void *self)
{
    struct sqlite *sqlite = self;
    sqlite3_finalize(sqlite->insert);
    sqlite3_finalize(sqlite->update);
    sqlite3_close(sqlite->connection);
    free(sqlite);
}

struct bound_backend bound_sqlite_open(const char *url, size_t index)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    char path[PATH_SIZE];
    struct sqlite *sqlite = memory_alloc(1, sizeof *sqlite);
    const char *directory = strncmp(url, "sqlite:", 7) == 0 ? url + 7 : url;
    (void)mkdir(directory, 0777);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/bound%zu.db%s", directory, index, endings[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/bound%zu.db", directory, index);
    if (sqlite3_open(path, &sqlite->connection) != SQLITE_OK)
        bound_fail(path, sqlite3_errmsg(sqlite->connection));
    run(sqlite, "PRAGMA journal_mode=WAL");
    run(sqlite, "PRAGMA synchronous=FULL");
    run(sqlite, "CREATE TABLE bound (id TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL,"
                " body BLOB NOT NULL)");
    sqlite->insert = prepared(sqlite, "INSERT INTO bound VALUES (?1, ?2 + 1, ?3)"
                                      " ON CONFLICT (id) DO NOTHING");
    sqlite->update = prepared(sqlite, "UPDATE bound SET version = ?2 + 1, body = ?3"
                                      " WHERE id = ?1 AND version = ?2");
    for (size_t i = 0; i < BOUND_BODY_BYTES; i++)
        sqlite->body[i] = (uint8_t)(i * 31 % 127);
    return (struct bound_backend){ sqlite, sqlite_write, sqlite_close };
}
