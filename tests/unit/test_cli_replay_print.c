/* What a replay tells of each document and of all of them, and its exit status. */
#include "booking/service.h"
#include "cli/commands/replay_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char out[4096];

static const struct replay_finding equal = { .result = REPLAY_EQUAL, .decisions = 2 };
static const struct replay_finding differs = { .result = REPLAY_DIFFERS,
                                               .decisions = 3,
                                               .decision = 2,
                                               .field = "verdict",
                                               .stored = "con\033firm",
                                               .replayed = "fail" };
static const struct replay_finding impossible = { .result = REPLAY_IMPOSSIBLE,
                                                  .dropped = 4,
                                                  .why = "its content is not stored" };

static enum exit_status report(const char *output, bool is_short,
                               const struct replay_finding *const *findings, size_t count)
{
    struct replay_report made;
    memset(out, 0, sizeof out);
    struct cli cli = { .out = fmemopen(out, sizeof out - 1, "w") };
    assert_non_null(cli.out);
    replay_report_start(&made, &cli, output, is_short);
    for (size_t i = 0; i < count; i++) {
        char id[32];
        snprintf(id, sizeof id, "B%zu", i + 1);
        replay_report_add(&made, &booking_service, id, findings[i]);
    }
    enum exit_status status = replay_report_end(&made);
    fclose(cli.out);
    return status;
}

static void one_document_is_told_whatever_comes_of_it(void **state)
{
    (void)state;
    const struct replay_finding one = { .result = REPLAY_EQUAL, .decisions = 1 };
    const struct replay_finding *const good[] = { &equal, &one };
    assert_int_equal(report("table", false, good, 2), EXIT_OK);
    assert_string_equal(out, "booking  B1: ok, 2 decisions\nbooking  B2: ok, 1 decision\n");
    const struct replay_finding *const bad[] = { &differs };
    assert_int_equal(report("table", false, bad, 1), EXIT_WRONG);
    assert_string_equal(out, "booking  B1: differs at decision 2: verdict\n"
                             "           stored    con.firm\n"
                             "           replayed  fail\n");
    const struct replay_finding *const lost[] = { &impossible };
    assert_int_equal(report("table", false, lost, 1), EXIT_WRONG);
    assert_string_equal(out, "booking  B1: cannot be replayed: its content is not stored\n");
    struct replay_finding whole = differs;
    whole.decision = 0;
    const struct replay_finding *const ends[] = { &whole };
    assert_int_equal(report("table", false, ends, 1), EXIT_WRONG);
    assert_memory_equal(out, "booking  B1: differs in the end: verdict\n", 41);
}

static void of_many_only_those_that_are_not_equal_are_told(void **state)
{
    (void)state;
    const struct replay_finding *const all[] = { &equal, &differs, &equal, &impossible };
    assert_int_equal(report("table", true, all, 4), EXIT_WRONG);
    assert_null(strstr(out, "B1:"));
    assert_non_null(strstr(out, "booking  B2: differs"));
    assert_non_null(strstr(out, "booking  B4: cannot be replayed"));
    assert_non_null(strstr(out, "\n4 documents: 2 equal, 1 different, 1 cannot be replayed\n"));
    assert_int_equal(report("table", true, all, 1), EXIT_OK);
    assert_string_equal(out, "1 documents: 1 equal, 0 different, 0 cannot be replayed\n");
    assert_int_equal(report("table", true, all, 0), EXIT_OK);
}

static void scripts_get_the_counts_and_each_finding(void **state)
{
    (void)state;
    const struct replay_finding *const all[] = { &equal, &differs, &impossible };
    assert_int_equal(report("json", true, all, 3), EXIT_WRONG);
    cJSON *json = cJSON_Parse(out);
    char *printed = cJSON_PrintUnformatted(json);
    assert_string_equal(
        printed,
        "{\"equal\":1,\"different\":1,\"impossible\":1,\"documents\":[{\"service\":\"booking\","
        "\"id\":\"B2\",\"result\":\"different\",\"decisions\":3,\"decision\":2,\"dropped\":0,"
        "\"field\":\"verdict\",\"stored\":\"con\\u001bfirm\",\"replayed\":\"fail\",\"why\":null},"
        "{\"service\":\"booking\",\"id\":\"B3\",\"result\":\"impossible\",\"decisions\":0,"
        "\"decision\":0,\"dropped\":4,\"field\":null,\"stored\":null,\"replayed\":null,\"why\":"
        "\"its content is not stored\"}]}");
    cJSON_free(printed);
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_document_is_told_whatever_comes_of_it),
        cmocka_unit_test(of_many_only_those_that_are_not_equal_are_told),
        cmocka_unit_test(scripts_get_the_counts_and_each_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
