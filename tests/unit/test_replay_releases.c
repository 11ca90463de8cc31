/* What another release has decided or stored: it may say more, and a newer one may decide by rules
 * of its own, which is no alteration. */
#include "tests/unit/replay_case.h"

static int64_t newer_schema(const void *of)
{
    (void)of;
    return SCHEMA_FIRST + 1;
}

/* As a first release would see it: one that says less, or decides otherwise. */
static void newer_release_decided(void)
{
    document->history[document->history_count - 1].schema = SCHEMA_FIRST + 1;
}

static void what_another_release_says_of_the_same_is_not_compared(void **state)
{
    (void)state;
    confirmed_live();
    struct message *owed = arena_copy(&arena, document->owed[0], sizeof *owed);
    owed->body = "{\"intentId\":\"B1\",\"more\":1}";
    owed->body_length = strlen(owed->body);
    document->owed[0] = owed;
    document->history[1].sent++;
    assert_int_equal(replayed(), REPLAY_DIFFERS);
    newer_release_decided();
    assert_int_equal(replayed(), REPLAY_EQUAL);
}

static void what_a_newer_release_decided_otherwise_is_not_altered(void **state)
{
    (void)state;
    confirmed_live();
    snprintf(document->history[1].verdict, sizeof document->history[1].verdict, "hold");
    assert_int_equal(replayed(), REPLAY_DIFFERS);
    newer_release_decided();
    cannot_because("decision 2 was made by a newer release");
}

static void a_document_of_a_newer_release_cannot_be_replayed(void **state)
{
    (void)state;
    confirmed_live();
    participant.schema_of = newer_schema;
    cannot_because("was stored by a newer release");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_another_release_says_of_the_same_is_not_compared),
        TEST(what_a_newer_release_decided_otherwise_is_not_altered),
        TEST(a_document_of_a_newer_release_cannot_be_replayed),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_done(&arena);
    return failed;
}
