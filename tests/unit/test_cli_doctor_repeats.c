/* What the doctor says of what is announced again: who is answered and waits is nobody's trouble.
 */
#include "cli/commands/doctor.h"
#include "cli/sources/records.h"
#include "gateway/gateway.h"
#include "gateway/service.h"
#include "payment/payment.h"
#include "payment/service.h"
#include "tests/unit/settings_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define REPEATS 9 /* more than any answer takes */

static char out[4096];
static char stores_folder[32];
static char store_urls[2][64]; /* the gateway's, the payment service's */

static void stores_begin(void)
{
    snprintf(stores_folder, sizeof stores_folder, "/tmp/test-doctor-XXXXXX");
    assert_non_null(mkdtemp(stores_folder));
    snprintf(store_urls[0], sizeof store_urls[0], "sqlite:%s/gateway.db", stores_folder);
    snprintf(store_urls[1], sizeof store_urls[1], "sqlite:%s/payment.db", stores_folder);
}

static void stores_end(void)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", "-journal", "-claim" };
    char path[96];
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < sizeof suffixes / sizeof suffixes[0]; k++) {
            snprintf(path, sizeof path, "%s%s", store_urls[i] + strlen("sqlite:"), suffixes[k]);
            unlink(path);
        }
    }
    assert_int_equal(rmdir(stores_folder), 0);
}

/* As the service would have saved it. */
static void state_save(const struct service_description *service, const char *store_url,
                       const char *id, const void *saved_state)
{
    struct error error;
    struct records records;
    struct settings none = { 0 };
    places_set(&none, "");
    records_open(&records, &none);
    const struct participant *participant = records_reader(&records, service);
    struct store *store = store_open(store_url, participant->name, participant->collection, &error);
    assert_non_null(store);
    struct store_port port = store_port(store);
    struct arena arena = { 0 };
    struct document *document = document_new(&arena, participant, id);
    struct record record;
    enum save_result saved;
    document->created_at_ms = document->started_at_ms = 1;
    memcpy(document->state, saved_state, participant->state_size);
    assert_true(document_encode(document, participant, &arena, &record, &error));
    assert_true(port.save(port.self, &record, 1, &saved, &error) && saved == SAVE_SAVED);
    arena_done(&arena);
    store_close(store);
}

static void booking_save(enum gateway_outcome outcome)
{
    static struct gateway_view view;
    memset(&view, 0, sizeof view);
    view.intent = (struct gateway_intent){ .is_present = true,
                                           .user_id = "ann",
                                           .currency = "EUR",
                                           .amount = 500,
                                           .created_at_ms = 1,
                                           .announced = { .version = 1 } };
    view.end.outcome = outcome;
    view.end.at_ms = outcome != GATEWAY_END_NONE;
    view.refund_count = 1;
    view.refunds[0].payment =
        (struct gateway_payment){ .amount = 500, .payment_id = "P1", .currency = "EUR" };
    view.repeat_count = REPEATS;
    view.due_at_ms = view.updated_at_ms = 1;
    snprintf(view.booking_id, sizeof view.booking_id, "B1");
    state_save(&gateway_service, store_urls[0], "B1", &view);
}

static void payment_save(const char *id, enum payment_state payment_state)
{
    struct payment payment = (struct payment){ .state = payment_state,
                                               .intent_id = "B1",
                                               .user_id = "ann",
                                               .amount = 500,
                                               .currency = "EUR",
                                               .captured_at_ms = 1,
                                               .due_at_ms = payment_state != PAYMENT_SETTLED,
                                               .refund_reason = "cancelled" };
    snprintf(payment.id, sizeof payment.id, "%s", id);
    state_save(&payment_service, store_urls[1], id, &payment);
}

/* Into `out`; the number of failures. */
static int64_t repeats_look(const char *store_payment)
{
    memset(out, 0, sizeof out);
    struct cli cli = { .out = fmemopen(out, sizeof out - 1, "w") };
    places_set(&cli.settings, "");
    place_of(&cli.settings, &gateway_service)->store = store_urls[0];
    place_of(&cli.settings, &payment_service)->store = store_payment;
    assert_non_null(cli.out);
    struct doctor doctor = { .cli = &cli };
    doctor_repeats(&doctor);
    fclose(cli.out);
    return doctor.failures;
}

static void assert_told(const char *text)
{
    if (strstr(out, text) == NULL)
        fail_msg("'%s' is not in\n%s", text, out);
}

static void a_refund_that_takes_its_time_is_no_repeat_unanswered(void **state)
{
    (void)state;
    static const struct {
        enum gateway_outcome outcome;
        const char *payment_id; /* the booking waits for P1 */
        enum payment_state payment;
        bool is_wrong;
    } cases[] = { { GATEWAY_END_CANCELLED, "P1", PAYMENT_REFUNDING, false },
                  { GATEWAY_END_CANCELLED, "P1", PAYMENT_REFUND_DUE, false },
                  { GATEWAY_END_CANCELLED, "P1", PAYMENT_SETTLED, true },   /* it was not told */
                  { GATEWAY_END_CANCELLED, "P2", PAYMENT_REFUNDING, true }, /* P1 is not known */
                  { GATEWAY_END_NONE, "P1", PAYMENT_REFUNDING, true } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stores_begin();
        booking_save(cases[i].outcome);
        payment_save(cases[i].payment_id, cases[i].payment);
        int64_t failures = repeats_look(store_urls[1]);
        assert_told(cases[i].is_wrong ? "1 announced again 2 times or more and not answered: B1\n"
                                      : "1 decided, waiting for refunds\n");
        assert_told("ok      repeats of payment       none is unanswered among ");
        assert_int_equal(failures, cases[i].is_wrong);
        stores_end();
    }
}

static void nobody_is_accused_where_the_payments_cannot_be_read(void **state)
{
    (void)state;
    stores_begin();
    booking_save(GATEWAY_END_CANCELLED);
    assert_int_equal(repeats_look(""), 0);
    assert_told("1 decided, waiting for refunds\n");
    assert_told("unknown repeats of payment");
    stores_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refund_that_takes_its_time_is_no_repeat_unanswered),
        cmocka_unit_test(nobody_is_accused_where_the_payments_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
