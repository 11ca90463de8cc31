/* The provider's books on a real file: after a reopen, and with many callers at once. */
#include "provider/journal.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW_MS  INT64_C(1700000000123)
#define THREADS 8
#define CALLS   50

struct fixture {
    char folder[64];
    char path[96];
    struct journal *journal;
};

static int fixture_open(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error error;
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/provider-journal-XXXXXX");
    if (!mkdtemp(fixture->folder))
        return -1;
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/ledger.db", fixture->folder);
    fixture->journal = journal_open(fixture->path, &error);
    *state = fixture;
    return fixture->journal ? 0 : -1;
}

static int fixture_close(void **state)
{
    struct fixture *fixture = *state;
    fixture->journal = journal_close(fixture->journal);
    char path[128];
    const char *const endings[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s%s", fixture->path, endings[i]);
        (void)unlink(path);
    }
    int failure = rmdir(fixture->folder);
    free(fixture);
    return failure;
}

static void fixture_reopen(struct fixture *fixture)
{
    struct error error;
    fixture->journal = journal_close(fixture->journal);
    fixture->journal = journal_open(fixture->path, &error);
    assert_non_null(fixture->journal);
}

/* self: the faults to give, and how often they were asked for. */
struct draw {
    struct webhook_faults faults;
    int count;
};

static void draw_run(void *self, const char *payment_id, struct webhook_faults *ret_faults)
{
    struct draw *draw = self;
    assert_true(payment_id[0] != '\0');
    draw->count++;
    *ret_faults = draw->faults;
}

static struct journal_entry charge_with(struct journal *journal, const char *payment_id,
                                        const char *key, struct draw *draw)
{
    struct ledger_charge_request request = {
        .intent_id = "B1", .user_id = "U1", .currency = "EUR", .amount = 500, .fresh_id = "pay_x"
    };
    (void)snprintf(request.payment_id, sizeof request.payment_id, "%s", payment_id);
    (void)snprintf(request.key, sizeof request.key, "%s", key);
    struct journal_webhooks webhooks = { draw, draw_run, "", true };
    struct journal_entry entry;
    struct error error;
    assert_true(journal_charge(journal, &request, &webhooks, NOW_MS, &entry, &error));
    return entry;
}

static enum ledger_verdict charge(struct journal *journal, const char *payment_id)
{
    struct draw draw = { .faults = { .copies = 1 } };
    return charge_with(journal, payment_id, "", &draw).verdict;
}

static enum ledger_verdict refund(struct journal *journal, const char *payment_id, const char *key,
                                  int64_t amount)
{
    struct ledger_refund_request request = { .currency = "EUR", .amount = amount };
    (void)snprintf(request.payment_id, sizeof request.payment_id, "%s", payment_id);
    (void)snprintf(request.key, sizeof request.key, "%s", key);
    struct draw draw = { .faults = { .copies = 1 } };
    struct journal_webhooks webhooks = { &draw, draw_run, "", true };
    struct journal_entry entry;
    struct error error;
    assert_true(journal_refund(journal, &request, true, &webhooks, NOW_MS, &entry, &error));
    return entry.verdict;
}

static bool webhook_next(struct journal *journal, struct webhook *ret_webhook)
{
    bool is_found;
    struct error error;
    assert_true(journal_webhook_next(journal, NULL, 0, &is_found, ret_webhook, &error));
    return is_found;
}

static void settle(struct journal *journal, struct webhook *webhook, int status)
{
    struct error error;
    enum webhook_fate fate = webhook_settle(webhook, status, -1, NOW_MS);
    assert_true(journal_webhook_settle(journal, webhook, fate, status == 200, NOW_MS, &error));
}

static void books_and_pending_webhooks_are_there_after_a_reopen(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(charge(fixture->journal, "P1"), LEDGER_NEW);
    assert_int_equal(refund(fixture->journal, "P1", "P1", 200), LEDGER_NEW);
    fixture_reopen(fixture);
    assert_int_equal(charge(fixture->journal, "P1"), LEDGER_REPLAY);
    assert_int_equal(refund(fixture->journal, "P1", "P1", 200), LEDGER_REPLAY);
    assert_int_equal(refund(fixture->journal, "P1", "K2", 301), LEDGER_EXCEEDS_CAPTURED);
    struct journal_account account;
    struct error error;
    bool is_found;
    assert_true(journal_account(fixture->journal, "P1", &is_found, &account, &error));
    assert_true(is_found);
    assert_int_equal(account.charge.refunded, 200);
    assert_int_equal(account.charge.refund_count, 1);
    assert_string_equal(account.refunds[0].key, "P1");
    struct webhook webhook;
    assert_true(webhook_next(fixture->journal, &webhook));
    assert_string_equal(webhook.path, "/payment/captured");
    settle(fixture->journal, &webhook, 200);
    assert_true(webhook_next(fixture->journal, &webhook));
    assert_string_equal(webhook.path, "/payment/refunded");
    settle(fixture->journal, &webhook, 200);
    assert_false(webhook_next(fixture->journal, &webhook));
}

static void a_key_leads_to_its_charge_whatever_was_drawn(void **state)
{
    struct fixture *fixture = *state;
    struct draw draw = { .faults = { .copies = 1 } };
    assert_int_equal(charge_with(fixture->journal, "", "K1", &draw).verdict, LEDGER_NEW);
    assert_int_equal(charge_with(fixture->journal, "", "K1", &draw).verdict, LEDGER_REPLAY);
    assert_int_equal(charge_with(fixture->journal, "P7", "K1", &draw).verdict, LEDGER_KEY_REUSED);
    /* Another key of the same payment is bound to it from then on. */
    assert_int_equal(charge_with(fixture->journal, "pay_x", "K2", &draw).verdict, LEDGER_REPLAY);
    assert_int_equal(charge_with(fixture->journal, "P8", "K2", &draw).verdict, LEDGER_KEY_REUSED);
}

static void faults_are_drawn_once_for_a_new_charge_and_never_for_a_replay(void **state)
{
    struct fixture *fixture = *state;
    struct draw draw = { .faults = { .copies = 1, .is_dropped = true } };
    for (int i = 0; i < 3; i++)
        (void)charge_with(fixture->journal, "P1", "", &draw);
    assert_int_equal(draw.count, 1);
    struct webhook webhook;
    assert_false(webhook_next(fixture->journal, &webhook)); /* it was dropped */
}

static void a_held_webhook_waits_for_a_later_one(void **state)
{
    struct fixture *fixture = *state;
    struct draw held = { .faults = { .copies = 1, .is_held = true } };
    (void)charge_with(fixture->journal, "P1", "", &held);
    assert_int_equal(charge(fixture->journal, "P2"), LEDGER_NEW);
    struct webhook webhook;
    assert_true(webhook_next(fixture->journal, &webhook));
    assert_string_equal(webhook.payment_id, "P2");
    settle(fixture->journal, &webhook, 200);
    assert_true(webhook_next(fixture->journal, &webhook));
    assert_string_equal(webhook.payment_id, "P1");
    assert_int_equal(webhook.due_ms, NOW_MS);
}

static void a_webhook_under_way_is_not_given_twice(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(charge(fixture->journal, "P1"), LEDGER_NEW);
    assert_int_equal(charge(fixture->journal, "P2"), LEDGER_NEW);
    struct webhook first, second, third;
    bool is_found;
    struct error error;
    assert_true(webhook_next(fixture->journal, &first));
    int64_t busy[2] = { first.id, 0 };
    assert_true(journal_webhook_next(fixture->journal, busy, 1, &is_found, &second, &error));
    assert_true(is_found);
    assert_true(second.id != first.id);
    busy[1] = second.id;
    assert_true(journal_webhook_next(fixture->journal, busy, 2, &is_found, &third, &error));
    assert_false(is_found);
}

static void attempts_and_acknowledgements_are_counted(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(charge(fixture->journal, "P1"), LEDGER_NEW);
    struct webhook webhook;
    assert_true(webhook_next(fixture->journal, &webhook));
    settle(fixture->journal, &webhook, 503);
    assert_true(webhook_next(fixture->journal, &webhook));
    assert_int_equal(webhook.attempts, 1);
    assert_true(webhook.due_ms > NOW_MS);
    settle(fixture->journal, &webhook, 200);
    struct journal_account account;
    struct error error;
    bool is_found;
    assert_true(journal_account(fixture->journal, "P1", &is_found, &account, &error));
    assert_int_equal(account.webhooks_sent, 2);
    assert_int_equal(account.webhooks_acknowledged, 1);
}

static void pages_go_from_the_newest_to_the_oldest_without_gap(void **state)
{
    struct fixture *fixture = *state;
    char id[16], after[IDENT_SIZE] = "";
    for (int i = 0; i < 25; i++) {
        (void)snprintf(id, sizeof id, "P%d", i);
        assert_int_equal(charge(fixture->journal, id), LEDGER_NEW);
    }
    struct journal_account *page = calloc(10, sizeof *page);
    size_t count, seen = 0;
    struct error error;
    do {
        assert_true(journal_list(fixture->journal, after, 10, page, &count, &error));
        for (size_t i = 0; i < count; i++) {
            (void)snprintf(id, sizeof id, "P%zu", 24 - seen++);
            assert_string_equal(page[i].charge.payment_id, id);
            memcpy(after, page[i].charge.payment_id, sizeof after);
        }
    } while (count > 0);
    assert_int_equal(seen, 25);
    assert_true(journal_list(fixture->journal, "nobody", 10, page, &count, &error));
    assert_int_equal(count, 0);
    free(page);
}

struct caller {
    struct journal *journal;
    pthread_t thread;
    int fresh;
};

/* Everybody charges and refunds the same payments: one effect each. */
static void *caller_run(void *argument)
{
    struct caller *caller = argument;
    for (int i = 0; i < CALLS; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "P%d", i);
        caller->fresh += charge(caller->journal, id) == LEDGER_NEW ? 1 : 0;
        caller->fresh += refund(caller->journal, id, id, 500) == LEDGER_NEW ? 1 : 0;
    }
    return NULL;
}

static void many_callers_at_once_have_one_effect_each(void **state)
{
    struct fixture *fixture = *state;
    struct caller callers[THREADS] = { 0 };
    for (size_t i = 0; i < THREADS; i++) {
        callers[i].journal = fixture->journal;
        assert_int_equal(pthread_create(&callers[i].thread, NULL, caller_run, &callers[i]), 0);
    }
    int fresh = 0;
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(callers[i].thread, NULL);
        fresh += callers[i].fresh;
    }
    assert_int_equal(fresh, 2 * CALLS);
    struct journal_sums *sums = calloc(JOURNAL_CURRENCIES_MAX, sizeof *sums);
    size_t count;
    int64_t pending;
    struct error error;
    assert_true(journal_sum(fixture->journal, sums, &count, &pending, &error));
    assert_int_equal(count, 1);
    assert_string_equal(sums[0].currency, "EUR");
    assert_int_equal(sums[0].charges, CALLS);
    assert_int_equal(sums[0].captured, 500 * CALLS);
    assert_int_equal(sums[0].refunded, 500 * CALLS);
    assert_int_equal(sums[0].refund_effects, CALLS);
    assert_int_equal(sums[0].duplicate_refund_calls, (THREADS - 1) * CALLS);
    assert_int_equal(pending, 2 * CALLS);
    free(sums);
}

static void a_file_that_cannot_be_opened_says_which(void **state)
{
    (void)state;
    struct error error;
    assert_null(journal_open("/nonexistent/folder/ledger.db", &error));
    assert_non_null(strstr(error.message, "/nonexistent/folder/ledger.db"));
    /* Nor one that cannot be written ahead: what was answered would not survive. */
    assert_null(journal_open(":memory:", &error));
    assert_non_null(strstr(error.message, "WAL"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(books_and_pending_webhooks_are_there_after_a_reopen),
        TEST(a_key_leads_to_its_charge_whatever_was_drawn),
        TEST(faults_are_drawn_once_for_a_new_charge_and_never_for_a_replay),
        TEST(a_held_webhook_waits_for_a_later_one),
        TEST(a_webhook_under_way_is_not_given_twice),
        TEST(attempts_and_acknowledgements_are_counted),
        TEST(pages_go_from_the_newest_to_the_oldest_without_gap),
        TEST(many_callers_at_once_have_one_effect_each),
        cmocka_unit_test(a_file_that_cannot_be_opened_says_which),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
