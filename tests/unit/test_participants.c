/* What every participant of the registry keeps is stored, and whoever forgets some is named. */
#include "services/registry.h"
#include "tests/unit/participant_laws.h"

static void each_keeps_its_invariants_and_stores_what_it_keeps(void **context)
{
    (void)context;
    struct error error;
    for (size_t i = 0; services[i] != NULL; i++) {
        struct arena arena = { 0 };
        if (services[i]->participant == NULL)
            continue;
        const struct participant participant =
            services[i]->participant(service_default_rules(services[i], &arena));
        if (participant.contents != NULL && !participant_laws_check(&participant, &error))
            fail_msg("%s", error.message);
        arena_done(&arena);
    }
}

/* ---- a break of each ---- */

static struct participant broken;
static struct transition_table broken_table;

static bool decode_without_deadline(struct bson_fields *fields, void *state, struct error *error)
{
    const struct participant participant = service_find("booking")->participant(NULL);
    bool is_read = participant.decode(fields, state, error);
    participant_due_set(&participant, state, 0);
    return is_read;
}

static bool check_nothing(const void *state, struct error *error)
{
    (void)state;
    return error_set(error, ERROR_BUG, "nothing is right");
}

static void decide_in_silence(const void *self, void *state, const struct input *input,
                              struct decision *answer)
{
    transition_decide(broken.table, self, state, input, answer);
    answer->is_changed = false;
}

static bool parse_nothing(const void *self, const struct message *message, struct input *ret_inputs,
                          size_t *ret_count, struct error *error)
{
    (void)self, (void)message, (void)ret_inputs, (void)ret_count;
    return error_set(error, ERROR_REJECT, "not today");
}

static void assert_breaks(const char *law)
{
    struct error error;
    assert_false(participant_laws_check(&broken, &error));
    if (strstr(error.message, law) == NULL)
        fail_msg("%s", error.message);
}

static void a_break_of_each_law_is_named(void **context)
{
    (void)context;
    struct arena arena = { 0 };
    char law[ERROR_MESSAGE_BYTES];
    const struct service_description *service = service_find("booking");
    const struct participant whole = service->participant(service_default_rules(service, &arena));
    broken = whole;
    broken.decode = decode_without_deadline;
    snprintf(law, sizeof law, "what stands at offset %zu of its state is not stored",
             whole.due_at_ms_offset);
    assert_breaks(law);
    broken = whole;
    broken_table = *whole.table;
    broken_table.check = check_nothing;
    broken.table = &broken_table;
    assert_breaks("breaks an invariant: nothing is right");
    broken = whole;
    broken.decide = decide_in_silence;
    assert_breaks("and says that nothing is changed");
    broken = whole;
    broken.parse = parse_nothing;
    assert_breaks("service booking: booking.intent.created was never decided");
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_keeps_its_invariants_and_stores_what_it_keeps),
        cmocka_unit_test(a_break_of_each_law_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
