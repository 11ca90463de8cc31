/* sql.h - SQLite behind a small door: the only file of the provider that includes sqlite3.h.
 * WAL with synchronous=FULL: what was committed survives kill -9 and a power cut. One thread at a
 * time (the journal sees to it).
 *
 * Statements are given as string literals and cached by their address. Values are bound by a
 * format: 't' const char *, 'i' int64_t. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sql;
struct sql_rows;

MUST_CHECK struct sql *sql_open(const char *path, struct error *error);
struct sql *sql_close(struct sql *sql);

/* Several statements without values: the schema. */
MUST_CHECK bool sql_script(struct sql *sql, const char *text, struct error *error);

/* One statement without rows. */
MUST_CHECK bool sql_run(struct sql *sql, struct error *error, const char *text, const char *format,
                        ...);

/* Rows: query, next until *ret_is_row is false, done (also after a failure; NULL is fine). Never
 * two at once of the same text. */
MUST_CHECK struct sql_rows *sql_query(struct sql *sql, struct error *error, const char *text,
                                      const char *format, ...);
MUST_CHECK bool sql_next(struct sql_rows *rows, bool *ret_is_row, struct error *error);
int64_t sql_int(const struct sql_rows *rows, int column);
void sql_text(const struct sql_rows *rows, int column, char *buffer, size_t size);
struct sql_rows *sql_done(struct sql_rows *rows);
