/* What an audit says of a document of which only the common form is known. */
#include "audit/audit_judge.h"
#include "common/saga/document.h"
#include "tests/unit/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS   INT64_C(1000000)
#define GRACE_MS 60000

static struct arena arena;
static struct audit_opinion opinion;

/* Of a document that its service has stored so; `reader` reads it. */
static void judge(const struct tally *tally, int64_t owed_at_ms, const struct participant *reader)
{
    const struct audit_terms terms = { NOW_MS, GRACE_MS };
    struct error error;
    struct record record;
    arena_clear(&arena);
    struct document *document = document_new(&arena, &tally_participant, "t-1");
    memcpy(document->state, tally, sizeof *tally);
    assert_true(document_encode(document, &tally_participant, &arena, &record, &error));
    record.version = 1;
    record.owed_at_ms = owed_at_ms;
    audit_judge_document(reader, &record, &terms, &arena, &opinion);
}

static void what_is_at_rest_is_fine(void **state)
{
    (void)state;
    judge(&(struct tally){ .count = 1 }, 0, &tally_participant);
    assert_int_equal(opinion.verdict, AUDIT_FINE);
}

static void a_deadline_may_be_late_by_the_grace(void **state)
{
    (void)state;
    judge(&(struct tally){ .due_at_ms = NOW_MS - GRACE_MS }, 0, &tally_participant);
    assert_int_equal(opinion.verdict, AUDIT_IS_IN_FLIGHT);
    judge(&(struct tally){ .due_at_ms = NOW_MS - GRACE_MS - 1 }, 0, &tally_participant);
    assert_int_equal(opinion.verdict, AUDIT_IS_STUCK);
    assert_string_equal(opinion.kind, "waits_for_deadline");
}

static void what_is_owed_may_be_late_by_the_grace(void **state)
{
    (void)state;
    judge(&(struct tally){ .count = 1 }, NOW_MS - GRACE_MS, &tally_participant);
    assert_int_equal(opinion.verdict, AUDIT_IS_IN_FLIGHT);
    judge(&(struct tally){ .count = 1 }, NOW_MS - GRACE_MS - 1, &tally_participant);
    assert_int_equal(opinion.verdict, AUDIT_IS_STUCK);
    assert_string_equal(opinion.kind, "message_owed");
}

static bool nothing_decode(struct bson_fields *fields, void *decoded, struct error *error)
{
    (void)fields, (void)decoded;
    return error_set(error, ERROR_BUG, "no tally");
}

static void what_cannot_be_read_is_wrong_unless_a_newer_release_can(void **state)
{
    (void)state;
    struct participant reader = tally_participant;
    reader.decode = nothing_decode;
    judge(&(struct tally){ .count = 1 }, 0, &reader);
    assert_int_equal(opinion.verdict, AUDIT_IS_WRONG);
    assert_string_equal(opinion.kind, "document_damaged");
    assert_non_null(strstr(opinion.detail, "tally"));
    reader = tally_participant;
    reader.schema_version = SCHEMA_FIRST - 1;
    judge(&(struct tally){ .count = 1 }, 0, &reader);
    assert_int_equal(opinion.verdict, AUDIT_IS_IN_FLIGHT);
    assert_string_equal(opinion.kind, "document_newer");
}

static int tear_down(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_at_rest_is_fine),
        cmocka_unit_test(a_deadline_may_be_late_by_the_grace),
        cmocka_unit_test(what_is_owed_may_be_late_by_the_grace),
        cmocka_unit_test(what_cannot_be_read_is_wrong_unless_a_newer_release_can),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
