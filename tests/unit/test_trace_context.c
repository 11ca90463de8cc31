/* traceparent and tracestate by the letter of W3C, ids that follow from names, and whose child a
 * span is. */
#include "common/base/hash.h"
#include "common/base/hex.h"
#include "tests/unit/trace_sink.h"
#include "tracing/booking_trace.h"
#include "tracing/lineage.h"
#include "tracing/w3c.h"

#include <stdio.h>

#define UUID     "0190a1b2-c3d4-7e5f-8a6b-0123456789ab"
#define UUID_HEX "0190a1b2c3d47e5f8a6b0123456789ab"
#define GOOD     "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static bool parses(const char *text)
{
    struct trace_context context = { .flags = 77 };
    bool parsed = w3c_traceparent_parse(text, strlen(text), &context);
    assert_true(parsed || context.flags == 77); /* untouched on failure */
    return parsed;
}

static void a_traceparent_is_read_and_written_back(void **state)
{
    (void)state;
    struct trace_context context;
    char text[TRACEPARENT_SIZE];
    assert_true(w3c_traceparent_parse(GOOD, strlen(GOOD), &context));
    assert_true(context.is_set);
    assert_int_equal(context.trace_id[0], 0x0a);
    assert_int_equal(context.span_id[7], 0x31);
    assert_int_equal(context.flags, W3C_FLAG_SAMPLED);
    w3c_traceparent_format(&context, text);
    assert_string_equal(text, GOOD);
}

static void a_traceparent_that_breaks_a_rule_is_ignored(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "00",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-00",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ",
        " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-B7AD6B7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0G",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c0b7ad6b7169203331-01",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "fF-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.what",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (parses(bad[i]))
            print_error("taken: %s\n", bad[i]);
        assert_false(parses(bad[i]));
    }
}

static void a_later_version_is_read_by_its_first_55_characters(void **state)
{
    (void)state;
    assert_true(parses("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    struct trace_context context;
    const char *later = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes";
    char text[TRACEPARENT_SIZE];
    assert_true(w3c_traceparent_parse(later, strlen(later), &context));
    w3c_traceparent_format(&context, text);
    assert_string_equal(text, GOOD);
}

static void unknown_flags_are_dropped(void **state)
{
    (void)state;
    struct trace_context context;
    const char *text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff";
    assert_true(w3c_traceparent_parse(text, strlen(text), &context));
    assert_int_equal(context.flags, W3C_FLAG_SAMPLED | W3C_FLAG_RANDOM);
}

static void assert_tracestate(const char *text, const char *expected)
{
    char cleaned[TRACESTATE_SIZE];
    bool is_good = w3c_tracestate_clean(text, strlen(text), cleaned);
    assert_string_equal(cleaned, expected != NULL ? expected : "");
    assert_int_equal(is_good, expected != NULL);
}

static void a_tracestate_is_cleaned_of_blanks_and_empty_members(void **state)
{
    (void)state;
    assert_tracestate("congo=t61rcWkgMzE", "congo=t61rcWkgMzE");
    assert_tracestate("rojo=00f067aa0ba902b7, congo=t61", "rojo=00f067aa0ba902b7,congo=t61");
    assert_tracestate(" a=1 ,\t,, b=2\t,", "a=1,b=2");
    assert_tracestate("fw529a3039@dt=FfAAA*/, 0x=a b", "fw529a3039@dt=FfAAA*/,0x=a b");
}

static void a_bad_tracestate_is_dropped_as_a_whole(void **state)
{
    (void)state;
    assert_tracestate("", NULL);
    assert_tracestate(" , ", NULL);
    assert_tracestate("a=1,A=2", NULL);
    assert_tracestate("a=1,a=2", NULL);
    assert_tracestate("a", NULL);
    assert_tracestate("=1", NULL);
    assert_tracestate("a=", NULL);
    assert_tracestate("a=b=c", NULL);
    assert_tracestate("a =1", NULL);
    assert_tracestate("_a=1", NULL);
    assert_tracestate("a=\x01", NULL);
    assert_tracestate("a=\xc3\xa9", NULL);
}

static void a_tracestate_has_at_most_32_members(void **state)
{
    (void)state;
    char text[TRACESTATE_SIZE] = "";
    size_t length = 0;
    for (int i = 0; i < 33; i++) {
        if (i == 32)
            assert_tracestate(text, text);
        length +=
            (size_t)snprintf(text + length, sizeof text - length, "%sk%d=1", i > 0 ? "," : "", i);
    }
    assert_tracestate(text, NULL);
}

static void a_tracestate_of_512_characters_goes_through_and_no_longer_one(void **state)
{
    (void)state;
    char text[514];
    memset(text, 'v', sizeof text);
    memcpy(text, "k=", 2);
    memcpy(text + 256, ",m=", 3);
    text[512] = '\0';
    assert_tracestate(text, text);
    text[512] = 'v';
    text[513] = '\0';
    assert_tracestate(text, NULL);
}

static void a_key_or_value_over_256_characters_is_bad(void **state)
{
    (void)state;
    char text[512];
    memset(text, 'k', sizeof text);
    memcpy(text + 256, "=1", 3);
    assert_tracestate(text, text);
    memset(text, 'k', sizeof text);
    memcpy(text + 257, "=1", 3);
    assert_tracestate(text, NULL);
    memset(text, 'v', sizeof text);
    memcpy(text, "a=", 2);
    text[2 + 256] = '\0';
    assert_tracestate(text, text);
    text[2 + 256] = 'v';
    text[2 + 257] = '\0';
    assert_tracestate(text, NULL);
}

static void assert_trace_hex(const char *booking_id, const char *expected)
{
    char hex[33];
    tracing_booking_trace_hex(booking_id, hex);
    assert_string_equal(hex, expected);
}

static void assert_trace_is_hash(const char *booking_id)
{
    uint8_t digest[SHA256_BYTES];
    char hex[33];
    hash_sha256(booking_id, strlen(booking_id), digest);
    hex_write(digest, 16, hex);
    assert_trace_hex(booking_id, hex);
}

static void the_trace_of_a_uuid_is_its_bytes(void **state)
{
    (void)state;
    assert_trace_hex(UUID, UUID_HEX);
}

static void the_trace_of_any_other_id_is_its_hash(void **state)
{
    (void)state;
    /* SHA-256("b1"), computed by another program */
    assert_trace_hex("b1", "7dc96f776c8423e57a2785489a3f9c43");
    assert_trace_is_hash("0190a1b2-c3d4-7e5f-8a6b-0123456789a");
    assert_trace_is_hash("0190a1b2-c3d4-7e5f-8a6b-0123456789ab1");
    assert_trace_is_hash(UUID_HEX);
}

static void the_nil_uuid_is_hashed_because_its_trace_would_be_invalid(void **state)
{
    (void)state;
    assert_trace_is_hash("00000000-0000-0000-0000-000000000000");
}

static void two_ids_that_differ_in_case_do_not_share_a_trace(void **state)
{
    (void)state;
    assert_trace_is_hash("0190A1B2-C3D4-7E5F-8A6B-0123456789AB");
    assert_trace_is_hash("0190a1b2-c3d4-7e5f-8a6b-0123456789aB");
}

static void the_root_is_bytes_16_to_23_of_the_hash(void **state)
{
    (void)state;
    uint8_t digest[SHA256_BYTES], root[8];
    hash_sha256(UUID, strlen(UUID), digest);
    tracing_booking_root_id(UUID, root);
    assert_memory_equal(root, digest + 16, 8);
}

static void a_message_has_the_same_span_each_time(void **state)
{
    (void)state;
    uint8_t digest[SHA256_BYTES], one[8], other[8];
    tracing_message_span_id("booking:b1:1:0", one);
    tracing_message_span_id("booking:b1:1:1", other);
    assert_memory_not_equal(one, other, 8);
    hash_sha256("booking:b1:1:0", 14, digest);
    assert_memory_equal(one, digest, 8);
}

/* ---- lineage ---- */

static struct lineage lineage_at(double ratio, const char *booking_id, const char *traceparent,
                                 bool is_remote)
{
    struct trace_sink sink = { 0 };
    struct outlet outlet = sink_outlet(&sink);
    struct tracing_environment *environment = malloc(sizeof *environment);
    struct lineage found;
    assert_non_null(environment);
    sink_environment(environment);
    environment->sampler = sampler_of_ratio(ratio);
    struct tracing *tracing = tracing_new(environment, &outlet, "test", "1");
    lineage_find(tracing, booking_id, traceparent, "message-1", is_remote, &found);
    tracing_stop(tracing);
    free(environment);
    return found;
}

static struct lineage lineage(const char *booking_id, const char *traceparent, bool is_remote)
{
    return lineage_at(1.0, booking_id, traceparent, is_remote);
}

static void a_context_in_the_bookings_trace_is_the_parent(void **state)
{
    (void)state;
    struct lineage found = lineage(UUID, "00-" UUID_HEX "-b7ad6b7169203331-01", true);
    assert_int_equal(found.place.parent_id[0], 0xb7);
    assert_true(found.place.is_parent_remote);
    assert_int_equal(found.place.flags, W3C_FLAG_SAMPLED);
}

static void a_foreign_context_is_not_the_parent_but_the_root_is(void **state)
{
    (void)state;
    uint8_t root[8];
    struct lineage found = lineage(UUID, GOOD, true);
    tracing_booking_root_id(UUID, root);
    assert_memory_equal(found.place.parent_id, root, 8);
    assert_int_equal(found.place.trace_id[0], 0x01);
    assert_false(found.place.is_parent_remote);
    assert_true(found.carried.is_set);
    assert_int_equal(found.carried.trace_id[0], 0x0a);
}

static void the_callers_sampled_flag_decides_nothing(void **state)
{
    (void)state;
    struct lineage found = lineage(UUID, "00-" UUID_HEX "-b7ad6b7169203331-00", true);
    assert_true(found.is_recorded);
    struct lineage silent = lineage_at(0.0, "", GOOD, true);
    assert_false(silent.is_recorded);
    assert_int_equal(silent.place.flags, 0);
    assert_int_equal(found.place.flags, W3C_FLAG_SAMPLED);
}

static void the_random_flag_is_unset_on_derived_ids_and_copied_to_what_goes_on(void **state)
{
    (void)state;
    struct lineage found =
        lineage(UUID, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03", true);
    assert_int_equal(found.place.flags, W3C_FLAG_SAMPLED);
    found = lineage("", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03", true);
    assert_int_equal(found.place.flags, W3C_FLAG_SAMPLED | W3C_FLAG_RANDOM);
}

static void without_a_booking_the_context_goes_on_or_a_trace_is_derived(void **state)
{
    (void)state;
    static const uint8_t none[8];
    struct lineage found = lineage("", GOOD, true);
    assert_int_equal(found.place.trace_id[0], 0x0a);
    assert_int_equal(found.place.parent_id[0], 0xb7);
    found = lineage("", "nonsense", true);
    uint8_t derived[16];
    tracing_booking_trace_id("message-1", derived);
    assert_memory_equal(found.place.trace_id, derived, 16);
    assert_memory_equal(found.place.parent_id, none, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_traceparent_is_read_and_written_back),
        cmocka_unit_test(a_traceparent_that_breaks_a_rule_is_ignored),
        cmocka_unit_test(a_later_version_is_read_by_its_first_55_characters),
        cmocka_unit_test(unknown_flags_are_dropped),
        cmocka_unit_test(a_tracestate_is_cleaned_of_blanks_and_empty_members),
        cmocka_unit_test(a_bad_tracestate_is_dropped_as_a_whole),
        cmocka_unit_test(a_tracestate_has_at_most_32_members),
        cmocka_unit_test(a_tracestate_of_512_characters_goes_through_and_no_longer_one),
        cmocka_unit_test(a_key_or_value_over_256_characters_is_bad),
        cmocka_unit_test(the_trace_of_a_uuid_is_its_bytes),
        cmocka_unit_test(the_trace_of_any_other_id_is_its_hash),
        cmocka_unit_test(the_nil_uuid_is_hashed_because_its_trace_would_be_invalid),
        cmocka_unit_test(two_ids_that_differ_in_case_do_not_share_a_trace),
        cmocka_unit_test(the_root_is_bytes_16_to_23_of_the_hash),
        cmocka_unit_test(a_message_has_the_same_span_each_time),
        cmocka_unit_test(a_context_in_the_bookings_trace_is_the_parent),
        cmocka_unit_test(a_foreign_context_is_not_the_parent_but_the_root_is),
        cmocka_unit_test(the_callers_sampled_flag_decides_nothing),
        cmocka_unit_test(the_random_flag_is_unset_on_derived_ids_and_copied_to_what_goes_on),
        cmocka_unit_test(without_a_booking_the_context_goes_on_or_a_trace_is_derived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
