/* The BSON that goes to MongoDB and what its answers mean; tests/contract has the real server. */
#include "common/mongodb/mongo_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bson_t *from_json(const char *json)
{
    bson_error_t error;
    bson_t *document = bson_new_from_json((const uint8_t *)json, -1, &error);
    if (document == NULL)
        fail_msg("%s: %s", json, error.message);
    return document;
}

static void assert_json(const bson_t *document, const char *expected)
{
    char *json = bson_as_relaxed_extended_json(document, NULL);
    assert_string_equal(json, expected);
    bson_free(json);
}

/* ---- statements ---------------------------------------------------------------------------- */

static void a_new_document_is_inserted_and_any_other_replaced_at_its_version(void **state)
{
    (void)state;
    bson_t *body = from_json("{\"state\": {\"n\": 1}, \"owed\": [2], \"history\": []}");
    struct record record = { .id = "b1",
                             .version = 3,
                             .created_at_ms = 10,
                             .due_at_ms = 20,
                             .owed_at_ms = 30,
                             .body = bson_get_data(body),
                             .body_length = body->len };
    bson_t updates = BSON_INITIALIZER, inserts = BSON_INITIALIZER;
    mongo_record_append_update(&updates, 0, &record);
    assert_json(&updates,
                "{ \"0\" : { \"q\" : { \"_id\" : \"b1\" }, \"u\" : [ { \"$replaceWith\" : { "
                "\"$cond\" : [ { \"$eq\" : [ \"$version\", 3 ] }, { \"$literal\" : { "
                "\"_id\" : \"b1\", \"version\" : 4, \"createdAt\" : 10, \"dueAt\" : 20, "
                "\"owedAt\" : 30, \"state\" : { \"n\" : 1 }, \"owed\" : [ 2 ], \"history\" : [  ] "
                "} }, { \"_id\" : null } ] } } ], \"upsert\" : true } }");
    record.due_at_ms = record.owed_at_ms = record.version = 0;
    mongo_record_append_insert(&inserts, 0, &record);
    assert_json(&inserts, "{ \"0\" : { \"_id\" : \"b1\", \"version\" : 1, \"createdAt\" : 10, "
                          "\"state\" : { \"n\" : 1 }, \"owed\" : [ 2 ], \"history\" : [  ] } }");
    bson_destroy(&updates);
    bson_destroy(&inserts);
    bson_destroy(body);
}

static void what_was_saved_is_read_back(void **state)
{
    (void)state;
    bson_t *body = from_json("{\"state\": {}, \"owed\": [], \"history\": []}");
    struct record record = { .id = "b1",
                             .created_at_ms = 10,
                             .due_at_ms = INT64_MAX,
                             .body = bson_get_data(body),
                             .body_length = body->len };
    bson_t inserts = BSON_INITIALIZER, document;
    mongo_record_append_insert(&inserts, 0, &record);
    bson_iter_t iter;
    uint32_t length;
    const uint8_t *bytes;
    assert_true(bson_iter_init_find(&iter, &inserts, "0"));
    bson_iter_document(&iter, &length, &bytes);
    assert_true(bson_init_static(&document, bytes, length));
    struct arena arena = { 0 };
    struct record loaded;
    mongo_record_read(&document, &arena, &loaded);
    assert_string_equal(loaded.id, "b1");
    assert_int_equal(loaded.version, 1);
    assert_int_equal(loaded.created_at_ms, 10);
    assert_true(loaded.due_at_ms == INT64_MAX);
    assert_int_equal(loaded.owed_at_ms, 0);
    arena_done(&arena);
    bson_destroy(&inserts);
    bson_destroy(body);
}

static void clearing_keeps_the_version_and_inserts_nothing(void **state)
{
    (void)state;
    bson_t updates = BSON_INITIALIZER;
    const char *const ids[] = { "b1", "b2", "b3" };
    const int64_t versions[] = { 3, 2, 3 };
    mongo_record_append_clear(&updates, 0, ids, versions, 3, 3);
    assert_json(&updates, "{ \"0\" : { \"q\" : { \"_id\" : { \"$in\" : [ \"b1\", \"b3\" ] }, "
                          "\"version\" : 3 }, "
                          "\"u\" : { \"$set\" : { \"owed\" : [  ] }, "
                          "\"$unset\" : { \"owedAt\" : \"\" } }, \"multi\" : true } }");
    bson_destroy(&updates);
}

/* ---- answers ------------------------------------------------------------------------------- */

static bool read_saves(const char *json, enum save_result results[3], struct error *error)
{
    bson_t *reply = from_json(json);
    bool is_read = mongo_record_read_saves(reply, 3, results, error);
    bson_destroy(reply);
    return is_read;
}

static void a_duplicate_key_or_another_id_is_the_conflict_of_its_statement(void **state)
{
    (void)state;
    enum save_result results[3];
    struct error error;
    assert_true(read_saves("{\"n\": 3, \"ok\": 1}", results, &error));
    assert_true(results[0] == SAVE_SAVED && results[1] == SAVE_SAVED && results[2] == SAVE_SAVED);
    assert_true(read_saves("{\"n\": 1, \"writeErrors\": ["
                           "{\"index\": 0, \"code\": 11000, \"errmsg\": \"E11000\"},"
                           "{\"code\": {\"$numberLong\": \"66\"}, \"index\": 2}], \"ok\": 1}",
                           results, &error));
    assert_true(results[0] == SAVE_CONFLICT && results[1] == SAVE_SAVED &&
                results[2] == SAVE_CONFLICT);
}

static void a_failed_write_concern_makes_all_unknown(void **state)
{
    (void)state;
    enum save_result results[3];
    struct error error;
    assert_true(read_saves("{\"n\": 2, \"writeErrors\": [{\"index\": 0, \"code\": 11000}],"
                           "\"writeConcernError\": {\"code\": 64, \"errmsg\": \"waiting\"},"
                           "\"ok\": 1}",
                           results, &error));
    for (int i = 0; i < 3; i++)
        assert_int_equal(results[i], SAVE_UNKNOWN);
}

static void any_other_write_error_is_no_answer(void **state)
{
    (void)state;
    static const char *const replies[] = {
        "{\"writeErrors\": [{\"index\": 1, \"code\": 112, \"errmsg\": \"busy\"}], \"ok\": 1}",
        "{\"writeErrors\": [{\"index\": 3, \"code\": 11000}], \"ok\": 1}",
        "{\"writeErrors\": [{\"index\": -1, \"code\": 11000}], \"ok\": 1}",
        "{\"writeErrors\": [{\"code\": 11000}], \"ok\": 1}",
        "{\"writeErrors\": [7], \"ok\": 1}",
        "{\"writeErrors\": \"many\", \"ok\": 1}",
    };
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        enum save_result results[3];
        struct error error = { 0 };
        assert_false(read_saves(replies[i], results, &error));
        assert_int_equal(error.code, ERROR_RETRY);
    }
}

#define TOO_LONG "01234567890123456789012345678901234567890123456789012345678901234"
static void a_foreign_document_is_not_read(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "{\"_id\": 7, \"version\": 1}",
        "{\"version\": 1}",
        "{\"_id\": \"b1\"}",
        "{\"_id\": \"b1\", \"version\": \"1\"}",
        "{\"_id\": \"b1\", \"version\": 0}",
        "{\"_id\": \"b\\u0000c\", \"version\": 1}",
        "{\"version\": 1, \"_id\": \"" TOO_LONG "\"}",
    };
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        bson_t *document = from_json(documents[i]);
        struct arena arena = { 0 };
        struct record record;
        mongo_record_read(document, &arena, &record);
        assert_null(record.body);
        assert_true(record.version > 0); /* there is something */
        arena_done(&arena);
        bson_destroy(document);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_document_is_inserted_and_any_other_replaced_at_its_version),
        cmocka_unit_test(what_was_saved_is_read_back),
        cmocka_unit_test(clearing_keeps_the_version_and_inserts_nothing),
        cmocka_unit_test(a_duplicate_key_or_another_id_is_the_conflict_of_its_statement),
        cmocka_unit_test(a_failed_write_concern_makes_all_unknown),
        cmocka_unit_test(any_other_write_error_is_no_answer),
        cmocka_unit_test(a_foreign_document_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
