/* sqlite_owner.c - which service's documents a table holds: the first to open it says so, for good.
 */
#include "common/base/memory.h"
#include "common/saga/store_backend.h"
#include "common/sqlite/sqlite_file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define CLAIM                                                                                      \
    "CREATE TABLE IF NOT EXISTS roundtrip_owner"                                                   \
    " (collection TEXT PRIMARY KEY NOT NULL, service TEXT NOT NULL);"                              \
    "INSERT OR IGNORE INTO roundtrip_owner (collection, service) VALUES (%Q, %Q)"

static int owner_claim(sqlite3 *connection, const char *table, const char *service)
{
    char *sql = memory_check(sqlite3_mprintf(CLAIM, table, service));
    int code = sqlite3_exec(connection, sql, NULL, NULL, NULL);
    sqlite3_free(sql);
    return code;
}

int sqlite_owner_check(sqlite3 *connection, const char *table, const char *service,
                       struct error *error)
{
    assert(connection != NULL && table != NULL && service != NULL);
    sqlite3_stmt *statement = NULL;
    int code = owner_claim(connection, table, service);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(connection,
                                  "SELECT service FROM roundtrip_owner WHERE collection = ?1", -1,
                                  &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    bool is_ours =
        code == SQLITE_ROW &&
        store_owner_check(table, service, (const char *)sqlite3_column_text(statement, 0), error);
    sqlite3_finalize(statement);
    if (code == SQLITE_ROW)
        return is_ours ? SQLITE_OK : SQLITE_CONSTRAINT;
    return code;
}
