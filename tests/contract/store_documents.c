/* One document at a time and in batches: load, save, clear_owed. */
#include "tests/contract/contract_store.h"

#include <bson/bson.h>
#include <stdio.h>
#include <string.h>

static void a_document_that_does_not_exist_has_version_0(void **state)
{
    struct contract *contract = *state;
    struct record record = contract_load(contract, "absent");
    assert_int_equal(record.version, 0);
    assert_string_equal(record.id, "absent");
}

static void an_insert_is_version_1_and_an_update_the_next(void **state)
{
    struct contract *contract = *state;
    struct record record = contract_record(&contract->arena, "b1", 0, 7, 0);
    record.due_at_ms = CREATED_AT_MS + 1;
    record.owed_at_ms = CREATED_AT_MS + 2;
    assert_int_equal(contract_save(contract, &record), SAVE_SAVED);
    struct record loaded = contract_load(contract, "b1");
    assert_int_equal(loaded.version, 1);
    assert_int_equal(loaded.created_at_ms, CREATED_AT_MS);
    assert_int_equal(loaded.due_at_ms, CREATED_AT_MS + 1);
    assert_int_equal(loaded.owed_at_ms, CREATED_AT_MS + 2);
    assert_int_equal(contract_n(&loaded), 7);

    record = contract_record(&contract->arena, "b1", 1, 8, 0);
    assert_int_equal(contract_save(contract, &record), SAVE_SAVED);
    loaded = contract_load(contract, "b1");
    assert_int_equal(loaded.version, 2);
    assert_int_equal(loaded.due_at_ms, 0); /* a save replaces all of it */
    assert_int_equal(loaded.owed_at_ms, 0);
    assert_int_equal(contract_n(&loaded), 8);
}

static void a_stale_version_is_a_conflict_and_changes_nothing(void **state)
{
    struct contract *contract = *state;
    contract_insert(contract, "s", 1);
    struct record second = contract_record(&contract->arena, "s000", 1, 2, 0);
    assert_int_equal(contract_save(contract, &second), SAVE_SAVED);
    struct record late = contract_record(&contract->arena, "s000", 1, 99, 3);
    assert_int_equal(contract_save(contract, &late), SAVE_CONFLICT);
    struct record ahead = contract_record(&contract->arena, "s000", 3, 99, 3);
    assert_int_equal(contract_save(contract, &ahead), SAVE_CONFLICT);
    struct record loaded = contract_load(contract, "s000");
    assert_int_equal(loaded.version, 2);
    assert_int_equal(contract_n(&loaded), 2);
    assert_int_equal(contract_owed_count(&loaded), 0);
}

static void a_second_insert_is_a_conflict(void **state)
{
    struct contract *contract = *state;
    contract_insert(contract, "i", 1);
    struct record again = contract_record(&contract->arena, "i000", 0, 99, 0);
    assert_int_equal(contract_save(contract, &again), SAVE_CONFLICT);
    struct record loaded = contract_load(contract, "i000");
    assert_int_equal(loaded.version, 1);
    assert_int_equal(contract_n(&loaded), 0);
}

static void a_save_that_is_repeated_because_its_answer_was_lost_is_a_conflict(void **state)
{
    struct contract *contract = *state;
    contract_insert(contract, "l", 1);
    struct record record = contract_record(&contract->arena, "l000", 1, 7, 1);
    assert_int_equal(contract_save(contract, &record), SAVE_SAVED);
    assert_int_equal(contract_save(contract, &record), SAVE_CONFLICT);
    struct record loaded = contract_load(contract, "l000");
    assert_int_equal(loaded.version, 2);
    assert_int_equal(contract_n(&loaded), 7);
}

/* Nothing of ours removes documents, so a store may write it anew (SQLite) or refuse (MongoDB). */
static void a_save_of_a_document_that_is_gone_is_answered_by_what_happened(void **state)
{
    struct contract *contract = *state;
    struct record record = contract_record(&contract->arena, "gone", 3, 1, 0);
    enum save_result result = contract_save(contract, &record);
    assert_true(result == SAVE_SAVED || result == SAVE_CONFLICT);
    assert_int_equal(contract_load(contract, "gone").version, result == SAVE_SAVED ? 4 : 0);
}

/* Two writers loaded the same versions and decided differently; their batches overlap in part. */
static void of_rivals_for_a_version_each_learns_which_documents_it_won(void **state)
{
    enum { DOCUMENTS = 60, FIRST_FROM = 0, FIRST_COUNT = 40, SECOND_FROM = 20, SECOND_COUNT = 40 };
    struct contract *contract = *state;
    contract_insert(contract, "r", DOCUMENTS);
    struct record first[FIRST_COUNT], second[SECOND_COUNT];
    enum save_result results[FIRST_COUNT];
    char id[IDENT_SIZE];
    struct error error;
    for (int i = 0; i < FIRST_COUNT; i++) {
        snprintf(id, sizeof id, "r%03d", FIRST_FROM + i);
        first[i] = contract_record(&contract->arena, id, 1, 100, 0);
        snprintf(id, sizeof id, "r%03d", SECOND_FROM + i);
        second[i] = contract_record(&contract->arena, id, 1, 200, 0);
    }
    assert_true(contract->port.save(contract->port.self, first, FIRST_COUNT, results, &error));
    for (int i = 0; i < FIRST_COUNT; i++)
        assert_int_equal(results[i], SAVE_SAVED);
    assert_true(contract->port.save(contract->port.self, second, SECOND_COUNT, results, &error));
    for (int i = 0; i < SECOND_COUNT; i++) {
        bool is_lost = SECOND_FROM + i < FIRST_COUNT;
        assert_int_equal(results[i], is_lost ? SAVE_CONFLICT : SAVE_SAVED);
        struct record loaded = contract_load(contract, second[i].id);
        assert_int_equal(loaded.version, 2);
        assert_int_equal(contract_n(&loaded), is_lost ? 100 : 200);
    }
}

static void each_document_of_a_batch_has_its_own_answer(void **state)
{
    struct contract *contract = *state;
    contract_insert(contract, "m", 3);
    struct record records[] = {
        contract_record(&contract->arena, "m000", 0, 1, 0), /* exists already */
        contract_record(&contract->arena, "m001", 1, 2, 0),
        contract_record(&contract->arena, "new", 0, 3, 0),
        contract_record(&contract->arena, "m002", 7, 4, 0), /* another version */
        contract_record(&contract->arena, "newer", 0, 5, 0),
    };
    static const enum save_result expected[] = { SAVE_CONFLICT, SAVE_SAVED, SAVE_SAVED,
                                                 SAVE_CONFLICT, SAVE_SAVED };
    enum save_result results[5];
    struct error error;
    assert_true(contract->port.save(contract->port.self, records, 5, results, &error));
    for (int i = 0; i < 5; i++)
        assert_int_equal(results[i], expected[i]);
    const char *ids[] = { "newer", "m002", "absent", "m001", "m000", "new" };
    static const int64_t versions[] = { 1, 1, 0, 2, 1, 1 };
    static const int64_t numbers[] = { 5, 0, 0, 2, 0, 3 };
    struct record loaded[6];
    assert_true(contract->port.load(contract->port.self, ids, 6, &contract->arena, loaded, &error));
    for (int i = 0; i < 6; i++) {
        assert_string_equal(loaded[i].id, ids[i]);
        assert_int_equal(loaded[i].version, versions[i]);
        if (versions[i] > 0)
            assert_int_equal(contract_n(&loaded[i]), numbers[i]);
    }
}

static void an_empty_batch_is_fine(void **state)
{
    struct contract *contract = *state;
    struct error error;
    assert_true(contract->port.load(contract->port.self, NULL, 0, &contract->arena, NULL, &error));
    assert_true(contract->port.save(contract->port.self, NULL, 0, NULL, &error));
    assert_true(contract->port.clear_owed(contract->port.self, NULL, NULL, 0, &error));
}

static void owed_messages_are_cleared_only_at_that_version(void **state)
{
    struct contract *contract = *state;
    struct record records[] = {
        contract_record(&contract->arena, "here", 0, 1, 3),
        contract_record(&contract->arena, "moved", 0, 2, 2),
    };
    records[0].owed_at_ms = records[1].owed_at_ms = CREATED_AT_MS;
    records[0].due_at_ms = CREATED_AT_MS + 5;
    assert_int_equal(contract_save(contract, &records[0]), SAVE_SAVED);
    assert_int_equal(contract_save(contract, &records[1]), SAVE_SAVED);
    records[1].version = 1;
    assert_int_equal(contract_save(contract, &records[1]), SAVE_SAVED);

    const char *ids[] = { "moved", "absent", "here" };
    const int64_t versions[] = { 1, 1, 1 };
    struct error error;
    assert_true(contract->port.clear_owed(contract->port.self, ids, versions, 3, &error));
    struct record here = contract_load(contract, "here");
    assert_int_equal(contract_owed_count(&here), 0);
    assert_int_equal(here.owed_at_ms, 0);
    assert_int_equal(here.version, 1); /* so that a decision in flight still saves */
    assert_int_equal(here.due_at_ms, CREATED_AT_MS + 5);
    assert_int_equal(contract_n(&here), 1);
    struct record moved = contract_load(contract, "moved");
    assert_int_equal(contract_owed_count(&moved), 2);
    assert_int_equal(moved.owed_at_ms, CREATED_AT_MS);
    assert_int_equal(contract_load(contract, "absent").version, 0);
    size_t count;
    assert_true(contract->port.count_owed(contract->port.self, 10, &count, &error));
    assert_int_equal(count, 1);
}

/* The fields as they were given. MongoDB's body is the whole stored document, so that it has more
 * fields than these three; a body is read by name. */
static void assert_same_fields(const struct record *saved, const struct record *loaded)
{
    static const char *const fields[] = { "state", "owed", "history" };
    bson_t before, after;
    assert_true(bson_init_static(&before, saved->body, saved->body_length));
    assert_true(bson_init_static(&after, loaded->body, loaded->body_length));
    assert_true(bson_validate(&after, BSON_VALIDATE_UTF8_ALLOW_NULL, NULL));
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        bson_iter_t one, other;
        assert_true(bson_iter_init_find(&one, &before, fields[i]));
        assert_true(bson_iter_init_find(&other, &after, fields[i]));
        assert_int_equal(bson_iter_type(&one), bson_iter_type(&other));
        const bson_value_t *left = bson_iter_value(&one), *right = bson_iter_value(&other);
        assert_int_equal(left->value.v_doc.data_len, right->value.v_doc.data_len);
        assert_memory_equal(left->value.v_doc.data, right->value.v_doc.data,
                            left->value.v_doc.data_len);
    }
}

static void a_body_comes_back_byte_for_byte_whatever_is_in_it(void **state)
{
    struct contract *contract = *state;
    bson_t body = BSON_INITIALIZER, part, inner;
    static const uint8_t bytes[] = { 0, 1, 2, 0xff, 0, 0x80 };
    BSON_APPEND_DOCUMENT_BEGIN(&body, "state", &part);
    BSON_APPEND_INT32(&part, "small", -1);
    BSON_APPEND_INT64(&part, "large", INT64_MIN);
    BSON_APPEND_DOUBLE(&part, "half", 0.5);
    BSON_APPEND_BOOL(&part, "yes", true);
    BSON_APPEND_NULL(&part, "none");
    BSON_APPEND_UTF8(&part, "empty", "");
    bson_append_utf8(&part, "text", -1, "a\0b \xc3\xbc \xf0\x9f\x8e\xab", 10);
    BSON_APPEND_BINARY(&part, "bytes", BSON_SUBTYPE_BINARY, bytes, sizeof bytes);
    BSON_APPEND_DATE_TIME(&part, "date", CREATED_AT_MS);
    BSON_APPEND_DOCUMENT_BEGIN(&part, "$set", &inner); /* all this is content, no command */
    BSON_APPEND_UTF8(&inner, "$where", "sleep(1000)");
    BSON_APPEND_UTF8(&inner, "a.b", "$owed");
    BSON_APPEND_UTF8(&inner, "", "x'); DROP TABLE documents; --");
    bson_append_document_end(&part, &inner);
    bson_append_document_end(&body, &part);
    BSON_APPEND_ARRAY_BEGIN(&body, "owed", &part);
    bson_append_array_end(&body, &part);
    BSON_APPEND_ARRAY_BEGIN(&body, "history", &part);
    BSON_APPEND_INT64(&part, "0", 1);
    bson_append_array_end(&body, &part);

    struct record saved = { .id = "bytes",
                            .created_at_ms = CREATED_AT_MS,
                            .body = bson_get_data(&body),
                            .body_length = body.len };
    assert_int_equal(contract_save(contract, &saved), SAVE_SAVED);
    struct record loaded = contract_load(contract, "bytes");
    assert_same_fields(&saved, &loaded);

    const char *id = "bytes";
    const int64_t version = 1;
    struct error error;
    assert_true(contract->port.clear_owed(contract->port.self, &id, &version, 1, &error));
    loaded = contract_load(contract, "bytes");
    assert_same_fields(&saved, &loaded); /* it owed nothing before */
    /* A loaded body may be saved as it is. */
    assert_int_equal(contract_save(contract, &loaded), SAVE_SAVED);
    loaded = contract_load(contract, "bytes");
    assert_same_fields(&saved, &loaded);
    assert_int_equal(loaded.version, 2);
    bson_destroy(&body);
}

static void an_id_is_never_more_than_a_name(void **state)
{
    struct contract *contract = *state;
    static const char *const ids[] = {
        "a.b:c-d_E9",
        "..",
        "-1",
        "0",
        ":",
        "$where",
        "$set.x",
        "{\"$gt\":\"\"}",
        "' OR 1=1 --",
        "x'; DROP TABLE c; --",
        "%",
        "A",
        "a",
        "0123456789012345678901234567890123456789012345678901234567890123", /* as long as can be */
    };
    size_t count = sizeof ids / sizeof ids[0];
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(contract_load(contract, ids[i]).version, 0);
        struct record record = contract_record(&contract->arena, ids[i], 0, (int64_t)i, 0);
        assert_int_equal(contract_save(contract, &record), SAVE_SAVED);
    }
    for (size_t i = 0; i < count; i++) {
        struct record record = contract_load(contract, ids[i]);
        assert_string_equal(record.id, ids[i]);
        assert_int_equal(record.version, 1);
        assert_int_equal(contract_n(&record), (int64_t)i);
    }
}

static void the_largest_batch_is_saved_and_loaded_whole(void **state)
{
    struct contract *contract = *state;
    static struct record records[STORE_CALL_MAX];
    static enum save_result results[STORE_CALL_MAX];
    static const char *ids[STORE_CALL_MAX];
    for (int i = 0; i < STORE_CALL_MAX; i++) {
        char id[IDENT_SIZE];
        snprintf(id, sizeof id, "big%d", (i * 7919) % STORE_CALL_MAX);
        records[i] = contract_record(&contract->arena, id, 0, i, 1);
        records[i].owed_at_ms = CREATED_AT_MS;
    }
    struct error error;
    for (int64_t version = 1; version <= 2; version++) {
        assert_true(
            contract->port.save(contract->port.self, records, STORE_CALL_MAX, results, &error));
        for (int i = 0; i < STORE_CALL_MAX; i++) {
            assert_int_equal(results[i], SAVE_SAVED);
            records[i].version = version;
            ids[i] = records[i].id;
        }
    }
    static struct record loaded[STORE_CALL_MAX];
    static int64_t versions[STORE_CALL_MAX];
    assert_true(contract->port.load(contract->port.self, ids, STORE_CALL_MAX, &contract->arena,
                                    loaded, &error));
    for (int i = 0; i < STORE_CALL_MAX; i++) {
        assert_string_equal(loaded[i].id, ids[i]);
        assert_int_equal(contract_n(&loaded[i]), i);
        versions[i] = loaded[i].version;
        assert_int_equal(versions[i], 2);
    }
    assert_true(
        contract->port.clear_owed(contract->port.self, ids, versions, STORE_CALL_MAX, &error));
    size_t count;
    assert_true(contract->port.count_owed(contract->port.self, STORE_CALL_MAX, &count, &error));
    assert_int_equal(count, 0);
}

/* More than one MongoDB command can hold. */
static void a_batch_of_many_megabytes_has_the_right_answers(void **state)
{
    enum { DOCUMENTS = 40, TEXT_BYTES = 1000000, STALE = 33 };
    struct contract *contract = *state;
    static char text[TEXT_BYTES];
    memset(text, 'x', sizeof text);
    bson_t body = BSON_INITIALIZER, part;
    BSON_APPEND_DOCUMENT_BEGIN(&body, "state", &part);
    BSON_APPEND_INT64(&part, "n", 1);
    bson_append_utf8(&part, "text", -1, text, sizeof text);
    bson_append_document_end(&body, &part);
    struct record records[DOCUMENTS];
    enum save_result results[DOCUMENTS];
    const char *ids[DOCUMENTS];
    for (int i = 0; i < DOCUMENTS; i++) {
        records[i] = (struct record){ .created_at_ms = CREATED_AT_MS,
                                      .body = bson_get_data(&body),
                                      .body_length = body.len };
        snprintf(records[i].id, sizeof records[i].id, "large%d", i);
        ids[i] = records[i].id;
    }
    assert_int_equal(contract_save(contract, &records[STALE]), SAVE_SAVED);
    struct error error;
    for (int64_t version = 0; version < 2; version++) { /* inserts, then updates */
        for (int i = 0; i < DOCUMENTS; i++)
            records[i].version = version;
        assert_true(contract->port.save(contract->port.self, records, DOCUMENTS, results, &error));
        for (int i = 0; i < DOCUMENTS; i++)
            assert_int_equal(results[i], i == STALE ? SAVE_CONFLICT : SAVE_SAVED);
        records[STALE].version = 1;
        assert_int_equal(contract_save(contract, &records[STALE]),
                         version == 0 ? SAVE_SAVED : SAVE_CONFLICT);
    }
    struct record loaded[DOCUMENTS];
    assert_true(
        contract->port.load(contract->port.self, ids, DOCUMENTS, &contract->arena, loaded, &error));
    for (int i = 0; i < DOCUMENTS; i++) {
        assert_int_equal(loaded[i].version, 2);
        assert_true(loaded[i].body_length >= body.len);
    }
    bson_destroy(&body);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, contract_setup, contract_teardown)
const struct CMUnitTest store_documents[] = {
    TEST(a_document_that_does_not_exist_has_version_0),
    TEST(an_insert_is_version_1_and_an_update_the_next),
    TEST(a_stale_version_is_a_conflict_and_changes_nothing),
    TEST(a_second_insert_is_a_conflict),
    TEST(a_save_that_is_repeated_because_its_answer_was_lost_is_a_conflict),
    TEST(a_save_of_a_document_that_is_gone_is_answered_by_what_happened),
    TEST(of_rivals_for_a_version_each_learns_which_documents_it_won),
    TEST(each_document_of_a_batch_has_its_own_answer),
    TEST(an_empty_batch_is_fine),
    TEST(owed_messages_are_cleared_only_at_that_version),
    TEST(a_body_comes_back_byte_for_byte_whatever_is_in_it),
    TEST(an_id_is_never_more_than_a_name),
    TEST(the_largest_batch_is_saved_and_loaded_whole),
    TEST(a_batch_of_many_megabytes_has_the_right_answers),
};
const size_t store_documents_count = sizeof store_documents / sizeof store_documents[0];
