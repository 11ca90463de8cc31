/* sql.c - opens the file in WAL mode, caches prepared statements, and binds their values. */
#include "provider/sql.h"

#include "common/base/memory.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENTS_MAX  48
#define BUSY_TIMEOUT_MS 2000

struct sql_rows {
    struct sql *sql;
    const char *text; /* its address is the cache's key */
    sqlite3_stmt *statement;
};

struct sql {
    sqlite3 *handle;
    struct sql_rows cache[STATEMENTS_MAX];
    size_t cache_count;
};

static bool sql_fail(const struct sql *sql, struct error *error)
{
    return error_set(error, ERROR_RETRY, "sqlite: %s", sqlite3_errmsg(sql->handle));
}

/* SQLite stays silently in another mode where WAL cannot be had (some network file systems). */
static bool wal_check(struct sql *sql, struct error *error)
{
    char mode[16] = "";
    bool is_row = false;
    struct sql_rows *rows = sql_query(sql, error, "PRAGMA journal_mode", "");
    bool is_ok = rows && sql_next(rows, &is_row, error);
    if (is_ok && is_row)
        sql_text(rows, 0, mode, sizeof mode);
    sql_done(rows);
    if (is_ok && strcmp(mode, "wal") != 0)
        return error_set(error, ERROR_REJECT, "sqlite: no WAL here, only %s: use a local disk",
                         mode);
    return is_ok;
}

struct sql *sql_open(const char *path, struct error *error)
{
    struct sql *sql = memory_alloc(1, sizeof *sql);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &sql->handle, flags, NULL) != SQLITE_OK) {
        sql_fail(sql, error);
        goto fail;
    }
    (void)sqlite3_busy_timeout(sql->handle, BUSY_TIMEOUT_MS);
    if (!sql_script(sql,
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF;",
                    error) ||
        !wal_check(sql, error))
        goto fail;
    return sql;
fail:
    error_wrap(error, "%s", path);
    return sql_close(sql);
}

struct sql *sql_close(struct sql *sql)
{
    if (!sql)
        return NULL;
    for (size_t i = 0; i < sql->cache_count; i++)
        (void)sqlite3_finalize(sql->cache[i].statement);
    (void)sqlite3_close(sql->handle);
    free(sql);
    return NULL;
}

bool sql_script(struct sql *sql, const char *text, struct error *error)
{
    if (sqlite3_exec(sql->handle, text, NULL, NULL, NULL) != SQLITE_OK)
        return sql_fail(sql, error);
    return true;
}

static struct sql_rows *statement_find(struct sql *sql, const char *text, struct error *error)
{
    for (size_t i = 0; i < sql->cache_count; i++)
        if (sql->cache[i].text == text)
            return &sql->cache[i];
    assert(sql->cache_count < STATEMENTS_MAX);
    struct sql_rows *rows = &sql->cache[sql->cache_count];
    *rows = (struct sql_rows){ .sql = sql, .text = text };
    if (sqlite3_prepare_v3(sql->handle, text, -1, SQLITE_PREPARE_PERSISTENT, &rows->statement,
                           NULL) != SQLITE_OK) {
        sql_fail(sql, error);
        return NULL;
    }
    sql->cache_count++;
    return rows;
}

/* Texts are bound without a copy: they live until the statement is reset. */
static struct sql_rows *statement_bind(struct sql *sql, struct error *error, const char *text,
                                       const char *format, va_list values)
{
    struct sql_rows *rows = statement_find(sql, text, error);
    if (!rows)
        return NULL;
    for (int i = 0; format[i] != '\0'; i++) {
        int code;
        if (format[i] == 't') {
            const char *value = va_arg(values, const char *);
            code = sqlite3_bind_text(rows->statement, i + 1, value, -1, SQLITE_STATIC);
        } else {
            assert(format[i] == 'i');
            code = sqlite3_bind_int64(rows->statement, i + 1, va_arg(values, int64_t));
        }
        if (code != SQLITE_OK) {
            sql_fail(sql, error);
            sql_done(rows);
            return NULL;
        }
    }
    return rows;
}

bool sql_run(struct sql *sql, struct error *error, const char *text, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    struct sql_rows *rows = statement_bind(sql, error, text, format, values);
    va_end(values);
    if (!rows)
        return false;
    bool is_row;
    bool is_ok = sql_next(rows, &is_row, error);
    sql_done(rows);
    return is_ok;
}

struct sql_rows *sql_query(struct sql *sql, struct error *error, const char *text,
                           const char *format, ...)
{
    va_list values;
    va_start(values, format);
    struct sql_rows *rows = statement_bind(sql, error, text, format, values);
    va_end(values);
    return rows;
}

bool sql_next(struct sql_rows *rows, bool *ret_is_row, struct error *error)
{
    int code = sqlite3_step(rows->statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return sql_fail(rows->sql, error);
    *ret_is_row = code == SQLITE_ROW;
    return true;
}

int64_t sql_int(const struct sql_rows *rows, int column)
{
    return sqlite3_column_int64(rows->statement, column);
}

void sql_text(const struct sql_rows *rows, int column, char *buffer, size_t size)
{
    const unsigned char *text = sqlite3_column_text(rows->statement, column);
    (void)snprintf(buffer, size, "%s", text ? (const char *)text : "");
}

struct sql_rows *sql_done(struct sql_rows *rows)
{
    if (!rows)
        return NULL;
    (void)sqlite3_reset(rows->statement);
    (void)sqlite3_clear_bindings(rows->statement);
    return NULL;
}
