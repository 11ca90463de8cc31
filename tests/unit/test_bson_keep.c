/* What a newer release has stored beside our fields is written back where it belongs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/bson/bson_keep.h"
#include "tests/unit/bson_case.h"

#include <bson.h>
#include <string.h>

static struct arena arena;

static int world_end(void **test)
{
    (void)test;
    arena_done(&arena);
    return 0;
}

static struct bson_fields fields_of(const char *json)
{
    bson_error_t error;
    bson_t *bson = bson_new_from_json((const uint8_t *)json, -1, &error);
    struct bson_fields fields;
    assert_non_null(bson);
    const uint8_t *bytes = arena_copy(&arena, bson_get_data(bson), bson->len);
    assert_true(bson_read_open(&fields, bytes, bson->len));
    bson_destroy(bson);
    return fields;
}

/* `fresh` is saved over what was `stored`, of which this code knows `known`. */
static void saved(const char *stored, const char *known, const char *fresh, const char *expected)
{
    struct bson_output output;
    bson_write_begin(&output, &arena, CASE_ROOM);
    bson_keep_write(&output, fields_of(fresh), bson_keep(fields_of(stored), fields_of(known)),
                    false);
    struct bson_fields written = case_written(&output);
    struct bson_fields wanted = fields_of(expected);
    assert_int_equal(written.length, wanted.length);
    assert_memory_equal(written.bytes, wanted.bytes, wanted.length);
}

static void what_is_unknown_stays(void **test)
{
    (void)test;
    saved("{\"state\":\"a\",\"newer\":{\"deep\":[1,2]}}", "{\"state\":\"a\"}", "{\"state\":\"b\"}",
          "{\"state\":\"b\",\"newer\":{\"deep\":[1,2]}}");
}

static void what_is_known_and_left_out_goes(void **test)
{
    (void)test;
    saved("{\"state\":\"a\",\"reason\":\"x\",\"newer\":1}", "{\"state\":\"a\",\"reason\":\"x\"}",
          "{\"state\":\"b\"}", "{\"state\":\"b\",\"newer\":1}");
}

static void what_is_unknown_within_a_field_stays_in_it(void **test)
{
    (void)test;
    saved("{\"intent\":{\"user\":\"u\",\"newer\":1},\"at\":5}",
          "{\"intent\":{\"user\":\"u\"},\"at\":5}", "{\"intent\":{\"user\":\"u\"},\"at\":6}",
          "{\"intent\":{\"user\":\"u\",\"newer\":1},\"at\":6}");
}

static void a_field_that_this_code_drops_takes_along_what_is_unknown_in_it(void **test)
{
    (void)test;
    saved("{\"at\":5,\"intent\":{\"user\":\"u\",\"newer\":1}}",
          "{\"at\":5,\"intent\":{\"user\":\"u\"}}", "{\"at\":6}", "{\"at\":6}");
}

static void an_element_keeps_its_own_wherever_it_moves(void **test)
{
    (void)test;
    saved("{\"payments\":[{\"id\":\"p1\",\"is\":\"held\",\"newer\":1},"
          "{\"id\":\"p2\",\"is\":\"held\",\"newer\":2}]}",
          "{\"payments\":[{\"id\":\"p1\",\"is\":\"held\"},{\"id\":\"p2\",\"is\":\"held\"}]}",
          "{\"payments\":[{\"id\":\"p0\",\"is\":\"new\"},{\"id\":\"p2\",\"is\":\"back\"}]}",
          "{\"payments\":[{\"id\":\"p0\",\"is\":\"new\"},"
          "{\"id\":\"p2\",\"is\":\"back\",\"newer\":2}]}");
}

static void fields_of_every_type_are_kept_and_read_over(void **test)
{
    (void)test;
    static const char stored[] =
        "{\"_a\":{\"$oid\":\"0123456789abcdef01234567\"},\"state\":\"a\","
        "\"b\":{\"$binary\":{\"base64\":\"AAEC\",\"subType\":\"00\"}},"
        "\"c\":{\"$timestamp\":{\"t\":1,\"i\":2}},\"d\":{\"$numberDecimal\":\"1.5\"},\"at\":1.5}";
    struct bson_fields fields = fields_of(stored);
    char state[8];
    assert_true(bson_read_has(&fields, "at"));
    assert_true(bson_read_text(&fields, "state", state, sizeof state));
    saved(stored, "{\"state\":\"a\"}", "{\"state\":\"b\"}",
          "{\"state\":\"b\",\"_a\":{\"$oid\":\"0123456789abcdef01234567\"},"
          "\"b\":{\"$binary\":{\"base64\":\"AAEC\",\"subType\":\"00\"}},"
          "\"c\":{\"$timestamp\":{\"t\":1,\"i\":2}},\"d\":{\"$numberDecimal\":\"1.5\"},"
          "\"at\":1.5}");
}

static void what_has_no_unknown_field_is_saved_as_it_is_encoded(void **test)
{
    (void)test;
    struct bson_kept kept = bson_keep(fields_of("{\"at\":1}"), fields_of("{\"at\":1}"));
    assert_null(kept.stored.bytes);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, world_end)
    const struct CMUnitTest tests[] = {
        TEST(what_is_unknown_stays),
        TEST(what_is_known_and_left_out_goes),
        TEST(what_is_unknown_within_a_field_stays_in_it),
        TEST(a_field_that_this_code_drops_takes_along_what_is_unknown_in_it),
        TEST(an_element_keeps_its_own_wherever_it_moves),
        TEST(fields_of_every_type_are_kept_and_read_over),
        TEST(what_has_no_unknown_field_is_saved_as_it_is_encoded),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
