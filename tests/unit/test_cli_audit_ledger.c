/* The provider's books as an audit reads them, page by page. */
#include "cli/sources/audit_source.h"
#include "common/http/http_client.h"
#include "tests/unit/http_peer.h"
#include "tests/unit/settings_case.h"
#include "tests/unit/stderr_text.h"

static struct audit_facts facts;
static struct http_peer peer;
static char said[512];
static char url[64];
static volatile sig_atomic_t is_stopped;
static struct cli cli;
static struct audit_source source;
static struct stderr_text heard;

static int set_up(void **state)
{
    (void)state;
    audit_facts_start(&facts);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    audit_facts_done(&facts);
    return 0;
}

/* The provider gives these answers until end(). */
static void begin(const char *first, const char *second)
{
    peer =
        (struct http_peer){ .answers = { first, second }, .answer_count = second != NULL ? 2 : 1 };
    http_peer_start(&peer);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", peer.port);
    cli = (struct cli){ .is_stopped = &is_stopped };
    places_set(&cli.settings, url);
    source = (struct audit_source){ .cli = &cli, .provider = http_client_new() };
    stderr_text_begin(&heard);
}

static void end(void)
{
    stderr_text_end(&heard, said, sizeof said);
    http_client_free(source.provider);
    shutdown(peer.listener, SHUT_RDWR);
    pthread_join(peer.thread, NULL);
    close(peer.listener);
}

#define P1                                                                                         \
    "{\"paymentId\":\"P1\",\"intentId\":\"B1\",\"userId\":\"ann\",\"captured\":1200,\"currency\":" \
    "\"EUR\",\"refunded\":300,\"at\":\"2026-11-21T11:31:18Z\",\"webhooks\":{\"acknowledged\":2},"  \
    "\"refunds\":[{\"amount\":100},{\"amount\":200}]}"

static void assert_first(void)
{
    const struct audit_payment *payment = audit_payment_of(&facts, "P1");
    assert_true(payment->account.is_known);
    assert_ptr_equal(payment->account.booking, audit_booking_of(&facts, "B1"));
    assert_string_equal(payment->account.captured.user, "ann");
    assert_int_equal(payment->account.captured.amount, 1200);
    assert_string_equal(payment->account.captured.currency, "EUR");
    assert_int_equal(payment->account.refunded, 300);
    assert_int_equal(payment->account.refunds_total, 300);
    assert_int_equal(payment->account.refund_count, 2);
    assert_int_equal(payment->account.acknowledged, 2);
    assert_int_equal(payment->account.at_ms, INT64_C(1795260678000));
}

static void all_pages_are_read_on_one_connection(void **state)
{
    (void)state;
    begin(http_peer_answer("200 OK", "{\"data\":[" P1 "],\"has_more\":true}"),
          http_peer_answer("200 OK",
                           "{\"data\":[{\"paymentId\":\"no id\",\"intentId\":\"B9\"},"
                           "{\"paymentId\":\"P2\",\"intentId\":\"B2\",\"captured\":5,\"currency\":"
                           "\"USD\",\"at\":\"then\"}],\"has_more\":false}"));
    assert_true(audit_scan_ledger(&source, &facts));
    end();
    assert_first();
    const struct audit_payment *second = audit_payment_of(&facts, "P2");
    assert_true(second->account.is_known);
    assert_int_equal(second->account.at_ms, 0);
    assert_int_equal(second->account.refund_count, 0);
    assert_ptr_equal(facts.last_payment, second);
    assert_memory_equal(peer.received[0], "GET /ledger?limit=100 ", 22);
    assert_memory_equal(peer.received[1], "GET /ledger?limit=100&starting_after=P1 ", 40);
    assert_int_equal(peer.connections, 1);
}

static void an_empty_page_is_the_last_one(void **state)
{
    (void)state;
    begin(http_peer_answer("200 OK", "{\"data\":[],\"has_more\":true}"), NULL);
    assert_true(audit_scan_ledger(&source, &facts));
    end();
    assert_int_equal(peer.requests, 1);
    assert_null(facts.first_payment);
}

static void one_account_is_read_or_is_not_there(void **state)
{
    (void)state;
    begin(http_peer_answer("200 OK", P1), http_peer_answer("404 No", "{}"));
    assert_true(audit_load_account(&source, "P1", &facts));
    assert_first();
    uint64_t versions = facts.versions;
    assert_true(audit_load_account(&source, "P7", &facts));
    end();
    assert_false(audit_payment_of(&facts, "P7")->account.is_known);
    assert_true(facts.versions != versions); /* that is a reading, too */
    assert_memory_equal(peer.received[0], "GET /ledger/P1 ", 15);
    assert_memory_equal(peer.received[1], "GET /ledger/P7 ", 15);
}

/* One refund more makes another reading. */
static void what_has_changed_shows_in_the_versions(void **state)
{
    (void)state;
    uint64_t seen[2];
    begin(http_peer_answer("200 OK", P1),
          http_peer_answer("200 OK",
                           "{\"paymentId\":\"P1\",\"intentId\":\"B1\",\"captured\":1200,"
                           "\"webhooks\":{\"acknowledged\":2},\"refunds\":[{\"amount\":300}]}"));
    for (int i = 0; i < 2; i++) {
        audit_facts_done(&facts);
        audit_facts_start(&facts);
        assert_true(audit_load_account(&source, "P1", &facts));
        seen[i] = facts.versions;
    }
    end();
    assert_true(seen[0] != seen[1]);
}

static void the_sums_are_the_providers_own(void **state)
{
    (void)state;
    cJSON *sums = NULL;
    begin(http_peer_answer("200 OK", "{\"currencies\":{}}"), http_peer_answer("404 No", "{}"));
    assert_true(audit_load_sums(&source, &sums));
    assert_non_null(cJSON_GetObjectItemCaseSensitive(sums, "currencies"));
    cJSON_Delete(sums);
    assert_false(audit_load_sums(&source, &sums));
    cJSON_Delete(sums);
    end();
}

static void books_that_cannot_be_read_are_told(void **state)
{
    (void)state;
    begin(http_peer_answer("500 Bad", "{}"), http_peer_answer("200 OK", "no json"));
    assert_false(audit_scan_ledger(&source, &facts));
    assert_false(audit_load_account(&source, "P1", &facts));
    end();
    assert_non_null(strstr(said, "it answers 500 to /ledger?limit=100"));
    assert_non_null(strstr(said, "it answers 200 to /ledger/P1"));
    assert_non_null(strstr(said, url));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_pages_are_read_on_one_connection), TEST(an_empty_page_is_the_last_one),
        TEST(one_account_is_read_or_is_not_there),  TEST(what_has_changed_shows_in_the_versions),
        TEST(the_sums_are_the_providers_own),       TEST(books_that_cannot_be_read_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
