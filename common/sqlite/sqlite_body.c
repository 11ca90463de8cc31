/* sqlite_body.c - the SQL function without_owed(body): a document's body with nothing owed. So a
 * clear is one statement, which finds its row once. */
#include "common/saga/document_owed.h"
#include "common/sqlite/sqlite_file.h"

#include <assert.h>
#include <stdlib.h>

static void without_owed(sqlite3_context *context, int count, sqlite3_value **values)
{
    assert(count == 1);
    const void *bytes = sqlite3_value_blob(values[0]);
    size_t length = (size_t)sqlite3_value_bytes(values[0]);
    size_t changed_length;
    uint8_t *changed = document_owed_drop(bytes, length, &changed_length);
    if (changed != NULL)
        sqlite3_result_blob64(context, changed, changed_length, free);
    else
        sqlite3_result_error(context, "a body that is not BSON", -1);
}

int sqlite_body_register(sqlite3 *connection)
{
    assert(connection != NULL);
    return sqlite3_create_function_v2(connection, "without_owed", 1,
                                      SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
                                      without_owed, NULL, NULL, NULL);
}
