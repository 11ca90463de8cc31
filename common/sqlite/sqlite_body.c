/* sqlite_body.c - the SQL function without_owed(body): a document's body with nothing owed. So a
 * clear is one statement, which finds its row once. */
#include "common/sqlite/sqlite_file.h"

#include <assert.h>
#include <bson/bson.h>
#include <string.h>

/* Appends the body with an empty array for `owed`, its other fields untouched and in their order.
 */
static bool body_without_owed(const bson_t *body, bson_t *changed)
{
    bson_iter_t iter;
    if (!bson_iter_init(&iter, body))
        return false;
    while (bson_iter_next(&iter)) {
        bson_t none = BSON_INITIALIZER;
        bool is_appended = strcmp(bson_iter_key(&iter), "owed") == 0
                               ? BSON_APPEND_ARRAY(changed, "owed", &none)
                               : bson_append_iter(changed, NULL, 0, &iter);
        if (!is_appended)
            return false;
    }
    return iter.err_off == 0;
}

static void without_owed(sqlite3_context *context, int count, sqlite3_value **values)
{
    assert(count == 1);
    bson_t body, changed = BSON_INITIALIZER;
    const void *bytes = sqlite3_value_blob(values[0]);
    size_t length = (size_t)sqlite3_value_bytes(values[0]);
    if (bytes != NULL && bson_init_static(&body, bytes, length) &&
        body_without_owed(&body, &changed)) {
        uint32_t changed_length;
        uint8_t *taken = bson_destroy_with_steal(&changed, true, &changed_length);
        sqlite3_result_blob64(context, taken, changed_length, bson_free);
    } else {
        bson_destroy(&changed);
        sqlite3_result_error(context, "a body that is not BSON", -1);
    }
}

int sqlite_body_register(sqlite3 *connection)
{
    return sqlite3_create_function_v2(connection, "without_owed", 1,
                                      SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
                                      without_owed, NULL, NULL, NULL);
}
