/* An audit from its options to its exit status; what it reads is this test's own. */
#include "cli/sources/audit_source.h"
#include "payment/service.h"
#include "tests/unit/audit_case.h"
#include "tests/unit/command_run.h"

#include <stdlib.h>

enum world {
    ALL_APPLIED,
    ONE_STUCK,
    ONE_NOT_REFUNDED,
};

static enum world world;
static int fails_at; /* the call that finds nobody; 0: none */
static int calls, looks;
static const char *sums_before, *sums_after;
static volatile sig_atomic_t is_stopped;
static bool stops;

#define SUMS(eur, usd)                                                                             \
    "{\"currencies\":{\"EUR\":{\"captured\":" eur ",\"refunded\":0},\"USD\":{\"captured\":" usd    \
    ",\"refunded\":0}}}"

static bool is_answered(void)
{
    calls++;
    if (stops && calls == 2)
        is_stopped = 1;
    return calls != fails_at;
}

/* B1 with P1 in EUR, and B2 with P2 in USD. */
static void fill(struct audit_facts *into, const char *booking_id, const char *payment_id)
{
    booking = audit_booking_of(into, booking_id);
    payment = audit_payment_of(into, payment_id);
    bool is_first = strcmp(booking_id, "B1") == 0;
    if (is_first && world == ONE_STUCK) {
        booking_is(AUDIT_BOOKING_FAILED);
        is_listed(booking, AUDIT_BACK_BY_OUTCOME);
        payment_is(AUDIT_PAYMENT_STUCK);
        payment->own.last_error = audit_name_of(&facts, "account_closed");
    } else if (is_first && world == ONE_NOT_REFUNDED) {
        booking_is(AUDIT_BOOKING_FAILED);
        is_listed(booking, AUDIT_BACK_BY_OUTCOME);
        payment_is(AUDIT_PAYMENT_REFUNDED); /* and the books know of no refund */
    } else {
        is_applied();
    }
    if (!is_first) {
        booking->own.intent = booking->view.intent = money(1000, "USD", "ann");
        booking->own.listings->money = money(1000, "USD", "ann");
        payment->own.money = payment->account.captured = money(1000, "USD", "ann");
    }
}

bool audit_source_open(struct audit_source *source, const struct cli *cli, bool is_verbose)
{
    (void)is_verbose;
    source->cli = cli;
    return is_answered();
}
void audit_source_close(struct audit_source *source)
{
    (void)source;
}
bool audit_scan_documents(struct audit_source *source, const struct service_description *service,
                          struct audit_facts *into)
{
    (void)source;
    if (service == &payment_service) {
        fill(into, "B1", "P1");
        fill(into, "B2", "P2");
    }
    return is_answered();
}
bool audit_others(struct audit_source *source, const struct audit_terms *by,
                  struct audit_report *report)
{
    (void)source, (void)by, (void)report;
    return true;
}

bool audit_load_documents(struct audit_source *source, const struct service_description *service,
                          const char *const *ids, size_t count, struct audit_facts *into)
{
    (void)source, (void)service, (void)ids, (void)count, (void)into;
    return is_answered();
}
bool audit_scan_ledger(struct audit_source *source, struct audit_facts *into)
{
    (void)source, (void)into;
    return is_answered();
}
bool audit_load_account(struct audit_source *source, const char *payment_id,
                        struct audit_facts *into)
{
    (void)source;
    looks++;
    fill(into, payment_id[1] == '1' ? "B1" : "B2", payment_id);
    return is_answered();
}
bool audit_load_sums(struct audit_source *source, cJSON **ret_sums)
{
    (void)source;
    const char **sums = sums_before != NULL ? &sums_before : &sums_after;
    *ret_sums = cJSON_Parse(*sums);
    *sums = NULL;
    return is_answered();
}
void audit_progress(struct audit_source *source, const char *what, size_t count)
{
    (void)source, (void)what, (void)count;
}

static int begin(void **state)
{
    world = ALL_APPLIED;
    fails_at = 0;
    stops = false;
    return set_up(state);
}

static enum exit_status audit(const char *word, const char *before, const char *after)
{
    char line[64];
    struct cli cli = { .is_stopped = &is_stopped };
    is_stopped = 0;
    calls = looks = 0;
    sums_before = before;
    sums_after = after;
    snprintf(line, sizeof line, "%s%s", word, word[0] == '-' && word[2] == 'c' ? " service" : "");
    return command_run(&command_audit, &cli, line);
}

static void money_that_is_where_it_belongs_is_clean(void **state)
{
    (void)state;
    assert_int_equal(audit("", SUMS("1000", "1000"), SUMS("1000", "1000")), EXIT_OK);
    assert_memory_equal(out, "clean\n2 payments captured: 2 applied, ", 38);
    assert_non_null(strstr(out, "2 bookings accepted: 2 confirmed, "));
    assert_int_equal(looks, 0);
}

/* New ones may come while the accounts are read: the provider's sums grow, and never shrink. */
static void the_accounts_add_up_to_the_providers_own_sums(void **state)
{
    (void)state;
    assert_int_equal(audit("", SUMS("900", "1000"), SUMS("1100", "1000")), EXIT_OK);
    static const char *const bad[][2] = {
        { SUMS("1000", "1000"), SUMS("999", "1000") },
        { SUMS("1001", "1000"), SUMS("1001", "1000") },
        { SUMS("1000", "0"), SUMS("1000", "999") },
        { SUMS("1000", "1001"), SUMS("1000", "2000") },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(audit("", bad[i][0], bad[i][1]), EXIT_WRONG);
        assert_non_null(strstr(out, "1 wrong: "));
        assert_non_null(strstr(out, i < 2 ? "EUR: the accounts add up to 1000 captured, 0 refunded"
                                          : "USD: the accounts add up to 1000 captured"));
        assert_int_equal(audit("--captures", bad[i][0], bad[i][1]), EXIT_OK); /* not asked */
    }
}

static void what_is_stuck_is_wrong_only_for_the_strict(void **state)
{
    (void)state;
    world = ONE_STUCK;
    assert_int_equal(audit("", SUMS("1000", "1000"), SUMS("1000", "1000")), EXIT_OK);
    assert_non_null(strstr(out, "\n1 stuck: "));
    assert_int_equal(looks, 0); /* it stays so */
    assert_int_equal(audit("--strict", SUMS("1000", "1000"), SUMS("1000", "1000")), EXIT_WRONG);
}

static void what_looks_wrong_is_looked_at_again(void **state)
{
    (void)state;
    world = ONE_NOT_REFUNDED;
    assert_int_equal(audit("", SUMS("1000", "1000"), SUMS("1000", "1000")), EXIT_WRONG);
    assert_memory_equal(out, "wrong\n", 6);
    assert_non_null(strstr(out, " P1 "));
    assert_int_equal(looks, 8);
}

static void what_cannot_be_read_ends_it_without_a_verdict(void **state)
{
    (void)state;
    for (fails_at = 1; fails_at <= 7; fails_at++) {
        assert_int_equal(audit("", SUMS("1000", "1000"), SUMS("1000", "1000")), EXIT_UNAVAILABLE);
        assert_string_equal(out, "");
    }
    assert_int_equal(audit("", SUMS("1000", "1000"), SUMS("1000", "1000")), EXIT_OK);
    stops = true;
    assert_int_equal(audit("", SUMS("1000", "1000"), SUMS("1000", "1000")), EXIT_UNAVAILABLE);
    assert_string_equal(out, "");
    assert_non_null(strstr(said, "stopped before the end"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(money_that_is_where_it_belongs_is_clean),
        TEST(the_accounts_add_up_to_the_providers_own_sums),
        TEST(what_is_stuck_is_wrong_only_for_the_strict),
        TEST(what_looks_wrong_is_looked_at_again),
        TEST(what_cannot_be_read_ends_it_without_a_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
