/* Which traces are recorded follows from their ids alone, in the ratio that was asked for. */
#include "common/base/hash.h"
#include "common/base/uuid.h"
#include "tests/unit/trace_sink.h"

#include <stdio.h>

#define TRACES 20000

static void everything_or_nothing_is_exact(void **state)
{
    (void)state;
    struct sampler all = sampler_of_ratio(1.0), none = sampler_of_ratio(0.0);
    uint8_t zeros[16] = { 0 }, ones[16];
    memset(ones, 0xff, sizeof ones);
    assert_true(sampler_wants(&all, zeros));
    assert_true(sampler_wants(&all, ones));
    assert_false(sampler_wants(&none, zeros));
    assert_false(sampler_wants(&none, ones));
}

static void only_the_last_seven_bytes_count(void **state)
{
    (void)state;
    struct sampler half = sampler_of_ratio(0.5);
    uint8_t trace_id[16];
    memset(trace_id, 0xff, sizeof trace_id);
    memset(trace_id + 9, 0, 7);
    assert_false(sampler_wants(&half, trace_id));
    memset(trace_id, 0, 9);
    trace_id[9] = 0x80;
    assert_true(sampler_wants(&half, trace_id));
    trace_id[9] = 0x7f;
    assert_false(sampler_wants(&half, trace_id));
}

static int recorded(const struct sampler *sampler, bool is_uuid)
{
    int count = 0;
    for (int i = 0; i < TRACES; i++) {
        char id[UUID_TEXT_SIZE];
        uint8_t random[SHA256_BYTES], trace_id[16];
        snprintf(id, sizeof id, "booking-%d", i);
        hash_sha256(id, strlen(id), random);
        if (is_uuid)
            uuid_v7_make(INT64_C(1700000000000) + i, random, id);
        tracing_booking_trace_id(id, trace_id);
        count += sampler_wants(sampler, trace_id) ? 1 : 0;
    }
    return count;
}

static void a_ratio_holds_for_uuids_and_for_hashed_ids(void **state)
{
    (void)state;
    struct sampler tenth = sampler_of_ratio(0.1);
    assert_in_range(recorded(&tenth, true), TRACES / 10 * 9 / 10, TRACES / 10 * 11 / 10);
    assert_in_range(recorded(&tenth, false), TRACES / 10 * 9 / 10, TRACES / 10 * 11 / 10);
}

static void what_a_lower_ratio_records_a_higher_one_records_too(void **state)
{
    (void)state;
    struct sampler low = sampler_of_ratio(0.2), high = sampler_of_ratio(0.3);
    for (int i = 0; i < TRACES; i++) {
        char id[32];
        uint8_t trace_id[16];
        snprintf(id, sizeof id, "booking-%d", i);
        tracing_booking_trace_id(id, trace_id);
        if (sampler_wants(&low, trace_id))
            assert_true(sampler_wants(&high, trace_id));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_or_nothing_is_exact),
        cmocka_unit_test(only_the_last_seven_bytes_count),
        cmocka_unit_test(a_ratio_holds_for_uuids_and_for_hashed_ids),
        cmocka_unit_test(what_a_lower_ratio_records_a_higher_one_records_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
