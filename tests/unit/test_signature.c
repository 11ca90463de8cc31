/* A signature that openssl has made is accepted, and with any byte changed it is refused. */
#include "payment/signature.h"

#include "common/base/hash.h"
#include "provider/webhook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "whsec_test"
#define BODY   "{\"paymentId\":\"P1\"}"
#define NOW_S  INT64_C(1700000000)
/* openssl: printf '1700000000.{"paymentId":"P1"}' | openssl dgst -sha256 -hmac whsec_test */
#define KNOWN_V1 "073e0ab3853cf380a058f8d5cd68fd3a25f59d3fe35fd3c17d7aa15f6c2603ae"

static enum signature_verdict verify(const char *header)
{
    return payment_signature_verify(header, SECRET, BODY, strlen(BODY), NOW_S);
}

static void the_known_answer_of_openssl_is_made_and_accepted(void **state)
{
    (void)state;
    char text[SIGNATURE_TEXT_SIZE];
    payment_signature_sign(SECRET, BODY, strlen(BODY), NOW_S, text);
    assert_string_equal(text, "t=1700000000,v1=" KNOWN_V1);
    assert_int_equal(verify(text), SIGNATURE_VALID);
}

static void what_the_provider_signs_the_payment_service_accepts(void **state)
{
    (void)state;
    char text[WEBHOOK_SIGNATURE_SIZE];
    webhook_sign(SECRET, BODY, NOW_S, false, text);
    assert_int_equal(verify(text), SIGNATURE_VALID);
    webhook_sign(SECRET, BODY, NOW_S, true, text);
    assert_int_equal(verify(text), SIGNATURE_MISMATCH);
}

static void a_missing_header_is_missing(void **state)
{
    (void)state;
    assert_int_equal(verify(NULL), SIGNATURE_MISSING);
}

static void whatever_byte_of_the_body_changes_it_is_refused(void **state)
{
    (void)state;
    const char *header = "t=1700000000,v1=" KNOWN_V1;
    for (size_t i = 0; i < strlen(BODY); i++) {
        char body[] = BODY;
        body[i] = (char)(body[i] ^ 1);
        assert_int_equal(payment_signature_verify(header, SECRET, body, strlen(body), NOW_S),
                         SIGNATURE_MISMATCH);
    }
    assert_int_equal(payment_signature_verify(header, SECRET, BODY, strlen(BODY) - 1, NOW_S),
                     SIGNATURE_MISMATCH);
}

static void whatever_digit_of_the_signature_changes_it_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < strlen(KNOWN_V1); i++) {
        char header[] = "t=1700000000,v1=" KNOWN_V1;
        char *digit = &header[strlen("t=1700000000,v1=") + i];
        *digit = *digit == '0' ? '1' : '0';
        assert_int_equal(verify(header), SIGNATURE_MISMATCH);
    }
}

static void the_timestamp_is_part_of_what_is_signed(void **state)
{
    (void)state;
    assert_int_equal(verify("t=1700000001,v1=" KNOWN_V1), SIGNATURE_MISMATCH);
    assert_int_equal(verify("t=01700000000,v1=" KNOWN_V1), SIGNATURE_MISMATCH);
}

static void another_secret_is_refused_and_so_is_none(void **state)
{
    (void)state;
    const char *header = "t=1700000000,v1=" KNOWN_V1;
    assert_int_equal(payment_signature_verify(header, "other", BODY, strlen(BODY), NOW_S),
                     SIGNATURE_MISMATCH);
    char text[SIGNATURE_TEXT_SIZE];
    payment_signature_sign("", BODY, strlen(BODY), NOW_S, text);
    assert_int_equal(payment_signature_verify(text, "", BODY, strlen(BODY), NOW_S),
                     SIGNATURE_MISMATCH);
}

static void any_matching_v1_is_enough_while_secrets_are_rotated(void **state)
{
    (void)state;
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    char header[512];
    (void)snprintf(header, sizeof header, "t=1700000000,v1=%s,v1=" KNOWN_V1, zeros);
    assert_int_equal(verify(header), SIGNATURE_VALID);
    (void)snprintf(header, sizeof header, "v1=" KNOWN_V1 ", v1=%s, t=1700000000", zeros);
    assert_int_equal(verify(header), SIGNATURE_VALID);
    assert_int_equal(verify("t=1700000000,v0=abc,v1=" KNOWN_V1 ",v2=x"), SIGNATURE_VALID);
    (void)snprintf(header, sizeof header, "t=1700000000,v1=%s,v1=%s", zeros, zeros);
    assert_int_equal(verify(header), SIGNATURE_MISMATCH);
}

static void three_hundred_seconds_either_way_is_the_limit(void **state)
{
    (void)state;
    const struct {
        int64_t off_s;
        enum signature_verdict verdict;
    } cases[] = {
        { -300, SIGNATURE_VALID }, { 300, SIGNATURE_VALID },    { -301, SIGNATURE_STALE },
        { 301, SIGNATURE_STALE },  { -86400, SIGNATURE_STALE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[SIGNATURE_TEXT_SIZE];
        payment_signature_sign(SECRET, BODY, strlen(BODY), NOW_S + cases[i].off_s, text);
        assert_int_equal(verify(text), cases[i].verdict);
    }
}

static void only_who_knows_the_secret_learns_that_it_is_stale(void **state)
{
    (void)state;
    assert_int_equal(
        payment_signature_verify("t=1,v1=" KNOWN_V1, SECRET, BODY, strlen(BODY), NOW_S),
        SIGNATURE_MISMATCH);
}

static void what_the_scheme_does_not_write_is_malformed(void **state)
{
    (void)state;
    const char *const headers[] = {
        "",
        ",",
        "t=1700000000",
        "v1=" KNOWN_V1,
        "t=,v1=" KNOWN_V1,
        "t=-1,v1=" KNOWN_V1,
        "t=+1700000000,v1=" KNOWN_V1,
        "t=17e8,v1=" KNOWN_V1,
        "t=1700000000000000000000,v1=" KNOWN_V1,
        "t=1700000000,t=1700000000,v1=" KNOWN_V1,
        "t=1700000000,v1=",
        "t=1700000000,v1=" KNOWN_V1 "0",
        "t=1700000000,v1=zz" KNOWN_V1,
        "t=1700000000,v1=" KNOWN_V1 ",",
        "t=1700000000 v1=" KNOWN_V1,
        "t=1700000000;v1=" KNOWN_V1,
        KNOWN_V1,
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        assert_int_equal(verify(headers[i]), SIGNATURE_MALFORMED);
}

static void digits_in_capitals_are_malformed(void **state)
{
    (void)state;
    char header[] = "t=1700000000,v1=" KNOWN_V1;
    for (char *at = header + strlen("t=1700000000,v1="); *at != '\0'; at++)
        *at = (char)(*at >= 'a' ? *at - 'a' + 'A' : *at);
    assert_int_equal(verify(header), SIGNATURE_MALFORMED);
}

static void a_header_without_bound_is_malformed(void **state)
{
    (void)state;
    char header[4096] = "t=1700000000";
    while (strlen(header) < 3000)
        (void)strncat(header, ",v0=00000000000000000000000000000000", 64);
    assert_int_equal(verify(header), SIGNATURE_MALFORMED);
    char many[SIGNATURE_HEADER_BYTES_MAX * 2] = "t=1700000000";
    for (int i = 0; i <= SIGNATURE_V1_MAX; i++)
        (void)strncat(many, ",v1=" KNOWN_V1, 80);
    assert_int_equal(verify(many), SIGNATURE_MALFORMED);
}

static void an_empty_body_and_one_with_nul_can_be_signed(void **state)
{
    (void)state;
    char text[SIGNATURE_TEXT_SIZE];
    payment_signature_sign(SECRET, "", 0, NOW_S, text);
    assert_int_equal(payment_signature_verify(text, SECRET, "", 0, NOW_S), SIGNATURE_VALID);
    payment_signature_sign(SECRET, "a\0b", 3, NOW_S, text);
    assert_int_equal(payment_signature_verify(text, SECRET, "a\0b", 3, NOW_S), SIGNATURE_VALID);
    assert_int_equal(payment_signature_verify(text, SECRET, "a\0c", 3, NOW_S), SIGNATURE_MISMATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_known_answer_of_openssl_is_made_and_accepted),
        cmocka_unit_test(what_the_provider_signs_the_payment_service_accepts),
        cmocka_unit_test(a_missing_header_is_missing),
        cmocka_unit_test(whatever_byte_of_the_body_changes_it_is_refused),
        cmocka_unit_test(whatever_digit_of_the_signature_changes_it_is_refused),
        cmocka_unit_test(the_timestamp_is_part_of_what_is_signed),
        cmocka_unit_test(another_secret_is_refused_and_so_is_none),
        cmocka_unit_test(any_matching_v1_is_enough_while_secrets_are_rotated),
        cmocka_unit_test(three_hundred_seconds_either_way_is_the_limit),
        cmocka_unit_test(only_who_knows_the_secret_learns_that_it_is_stale),
        cmocka_unit_test(what_the_scheme_does_not_write_is_malformed),
        cmocka_unit_test(digits_in_capitals_are_malformed),
        cmocka_unit_test(a_header_without_bound_is_malformed),
        cmocka_unit_test(an_empty_body_and_one_with_nul_can_be_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
