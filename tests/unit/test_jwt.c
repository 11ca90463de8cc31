/* Claims that are signed: whom they name, what they let him do, and why they are refused. */
#include "tests/unit/jose_case.h"

#include "common/jwt/jwt.h"

#define NOW_S    INT64_C(1700000000)
#define ISSUER   "https://id.example/realms/travel"
#define AUDIENCE "roundtrip"

static const char *const role_names[] = { "operator", "auditor", "partner" };
static const struct jwt_rules rules = {
    .issuer = ISSUER,
    .audience = AUDIENCE,
    .user_claim = "sub",
    .roles_pointer = "/realm_access/roles",
    .roles = role_names,
    .role_count = 3,
    .algs = JWS_ALG_ALL,
};
#define OPERATOR 1U
#define AUDITOR  2U
#define PARTNER  4U

#define ISS            "\"iss\":\"" ISSUER "\","
#define AUD            "\"aud\":\"" AUDIENCE "\","
#define EXP            "\"exp\":1700000300,"
#define SUB            "\"sub\":\"alice\""
#define SOUND          "{" ISS AUD EXP SUB "}"
#define NOT_AS(member) "{" member "," ISS AUD EXP SUB "}"

static const char *check_as(const struct jwt_rules *as, const char *text, struct jwt_caller *ret,
                            struct jwt_refusal *refusal)
{
    if (jwt_claims_check(as, text, strlen(text), NOW_S, ret, refusal))
        return "accepted";
    assert_true(refusal->detail[0] != '\0');
    return jwt_reason_name(refusal->reason);
}

static const char *check(const char *text)
{
    struct jwt_caller caller;
    struct jwt_refusal refusal;
    return check_as(&rules, text, &caller, &refusal);
}

static void sound_claims_name_the_caller(void **state)
{
    (void)state;
    struct jwt_caller caller;
    struct jwt_refusal refusal;
    assert_string_equal(check_as(&rules, SOUND, &caller, &refusal), "accepted");
    assert_string_equal(caller.user, "alice");
    assert_int_equal(caller.roles, 0);
    assert_int_equal(caller.expires_at_s, 1700000300);
}

static const struct {
    const char *claims;
    const char *verdict;
} cases[] = {
    /* the issuer */
    { "{" AUD EXP SUB "}", "wrong_issuer" },
    { "{\"iss\":\"" ISSUER "/\"," AUD EXP SUB "}", "wrong_issuer" },
    { "{\"iss\":\"https://id.example/realms/Travel\"," AUD EXP SUB "}", "wrong_issuer" },
    { "{\"iss\":\"\"," AUD EXP SUB "}", "wrong_issuer" },
    { "{\"iss\":null," AUD EXP SUB "}", "wrong_issuer" },
    { "{\"iss\":[\"" ISSUER "\"]," AUD EXP SUB "}", "wrong_issuer" },
    { "{\"iss\":\"https:\\/\\/id.example\\/realms\\/travel\"," AUD EXP SUB "}", "accepted" },
    /* the audience */
    { "{" ISS EXP SUB "}", "wrong_audience" },
    { "{" ISS "\"aud\":\"other\"," EXP SUB "}", "wrong_audience" },
    { "{" ISS "\"aud\":\"roundtrip2\"," EXP SUB "}", "wrong_audience" },
    { "{" ISS "\"aud\":\"Roundtrip\"," EXP SUB "}", "wrong_audience" },
    { "{" ISS "\"aud\":\"\"," EXP SUB "}", "wrong_audience" },
    { "{" ISS "\"aud\":[]," EXP SUB "}", "wrong_audience" },
    { "{" ISS "\"aud\":[[\"roundtrip\"]]," EXP SUB "}", "wrong_audience" },
    { "{" ISS "\"aud\":{\"roundtrip\":1}," EXP SUB "}", "wrong_audience" },
    { "{" ISS "\"aud\":null," EXP SUB "}", "wrong_audience" },
    { "{" ISS "\"aud\":\"other roundtrip\"," EXP SUB "}", "wrong_audience" },
    { "{" ISS "\"aud\":\"account\"," EXP SUB "}", "wrong_audience" },
    { "{" ISS "\"aud\":[\"account\",\"roundtrip\"]," EXP SUB "}", "accepted" },
    { "{" ISS "\"aud\":[ \"roundtrip\" ]," EXP SUB "}", "accepted" },
    { "{" ISS "\"aud\":[7,\"roundtrip\"]," EXP SUB "}", "accepted" },
    /* the dates */
    { "{" ISS AUD SUB "}", "bad_claims" },
    { "{" ISS AUD "\"exp\":null," SUB "}", "bad_claims" },
    { "{" ISS AUD "\"exp\":\"1700000300\"," SUB "}", "bad_claims" },
    { "{" ISS AUD "\"exp\":true," SUB "}", "bad_claims" },
    { "{" ISS AUD "\"exp\":-1," SUB "}", "bad_claims" },
    { "{" ISS AUD "\"exp\":1.7e9," SUB "}", "bad_claims" },
    { "{" ISS AUD "\"exp\":1E99," SUB "}", "bad_claims" },
    { "{" ISS AUD "\"exp\":1700000300000," SUB "}", "bad_claims" },
    { "{" ISS AUD "\"exp\":253402300800," SUB "}", "bad_claims" },
    { "{" ISS AUD "\"exp\":99999999999999999999999999," SUB "}", "bad_claims" },
    { "{" ISS AUD "\"exp\":01700000300," SUB "}", "bad_claims" },
    { "{" ISS AUD "\"exp\":0," SUB "}", "expired" },
    { "{" ISS AUD "\"exp\":253402300799," SUB "}", "accepted" },
    { "{" ISS AUD "\"exp\":1699999940," SUB "}", "expired" },
    { "{" ISS AUD "\"exp\":1699999940.999," SUB "}", "expired" },
    { "{" ISS AUD "\"exp\":1699999941," SUB "}", "accepted" },
    { "{" ISS AUD "\"exp\":1699999941.000," SUB "}", "accepted" },
    { NOT_AS("\"nbf\":1700000060"), "accepted" },
    { NOT_AS("\"nbf\":1700000060.5"), "accepted" },
    { NOT_AS("\"nbf\":1700000061"), "not_yet_valid" },
    { NOT_AS("\"iat\":1700000060"), "accepted" },
    { NOT_AS("\"iat\":1700000061"), "not_yet_valid" },
    { NOT_AS("\"nbf\":0,\"iat\":0"), "accepted" },
    { NOT_AS("\"nbf\":null"), "bad_claims" },
    { NOT_AS("\"nbf\":\"0\""), "bad_claims" },
    { NOT_AS("\"nbf\":1e3"), "bad_claims" },
    { NOT_AS("\"iat\":[]"), "bad_claims" },
    { NOT_AS("\"iat\":-5"), "bad_claims" },
    /* the user */
    { "{" ISS AUD "\"exp\":1700000300}", "bad_subject" },
    { "{" ISS AUD EXP "\"sub\":\"\"}", "bad_subject" },
    { "{" ISS AUD EXP "\"sub\":null}", "bad_subject" },
    { "{" ISS AUD EXP "\"sub\":42}", "bad_subject" },
    { "{" ISS AUD EXP "\"sub\":[\"alice\"]}", "bad_subject" },
    { "{" ISS AUD EXP "\"sub\":\"al ice\"}", "bad_subject" },
    { "{" ISS AUD EXP "\"sub\":\"alice\\n\"}", "bad_subject" },
    { "{" ISS AUD EXP "\"sub\":\"al\xc3\xad\"}", "bad_subject" },
    { "{" ISS AUD EXP "\"sub\":\"alice\\u0000\"}", "bad_claims" },
    { "{" ISS AUD EXP "\"sub\":\"$where\"}", "bad_subject" },
    { "{" ISS AUD EXP "\"sub\":\"auth0|5f7c\"}", "accepted" },
    { "{" ISS AUD EXP "\"sub\":\"0f1e2d3c-aaaa-bbbb-cccc-000000000000\"}", "accepted" },
    { "{" ISS AUD EXP "\"sub\":\"alice+b@example.com\"}", "accepted" },
    /* no JSON as we read it */
    { "", "bad_claims" },
    { "[]", "bad_claims" },
    { "Example of Ed25519 signing", "bad_claims" },
    { SOUND "x", "bad_claims" },
    { "{" SUB "," ISS AUD EXP SUB "}", "bad_claims" },
    { "{\"Sub\":\"bob\"," ISS AUD EXP SUB "}", "bad_claims" },
    { "{\"a\":{\"b\":1,\"b\":2}," ISS AUD EXP SUB "}", "bad_claims" },
};

static void each_claim_attacked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *verdict = check(cases[i].claims);
        if (strcmp(verdict, cases[i].verdict) != 0)
            fail_msg("%s: %s instead of %s", cases[i].claims, verdict, cases[i].verdict);
    }
}

static void claims_that_are_cut_anywhere_are_refused(void **state)
{
    (void)state;
    for (size_t length = 0; length < strlen(SOUND); length++) {
        struct jwt_caller caller;
        struct jwt_refusal refusal;
        assert_false(jwt_claims_check(&rules, SOUND, length, NOW_S, &caller, &refusal));
    }
}

static void a_user_has_up_to_128_characters(void **state)
{
    (void)state;
    for (int length = 126; length <= 131; length++) {
        char text[512];
        char user[256] = { 0 };
        memset(user, 'u', (size_t)length);
        (void)snprintf(text, sizeof text, "{" ISS AUD EXP "\"sub\":\"%s\"}", user);
        assert_string_equal(check(text), length <= USER_BYTES_MAX ? "accepted" : "bad_subject");
    }
}

static void a_refusal_says_the_way_out(void **state)
{
    (void)state;
    struct jwt_caller caller = { .user = "before" };
    struct jwt_refusal refusal;
    (void)check_as(&rules, "{" ISS "\"aud\":[\"broker\",\"account\"]," EXP SUB "}", &caller,
                   &refusal);
    assert_string_equal(refusal.detail,
                        "the audience (aud) is not roundtrip but \"account\", which Keycloak puts "
                        "into every token; there, give the client a scope with a mapper of type "
                        "Audience for it");
    (void)check_as(&rules, "{" ISS "\"aud\":\"other\"," EXP SUB "}", &caller, &refusal);
    assert_string_equal(refusal.detail, "the audience (aud) has no roundtrip; have the issuer put "
                                        "it into tokens");
    (void)check_as(&rules, "{" ISS AUD "\"exp\":1699990000," SUB "}", &caller, &refusal);
    assert_string_equal(refusal.detail, "expired 10000 s ago");
    (void)check_as(&rules, "{" ISS AUD EXP "\"sub\":\"a b\"}", &caller, &refusal);
    assert_string_equal(refusal.detail, "sub must be a string of 1 to 128 of the characters "
                                        "A-Z a-z 0-9 _ . : @ + | / - to be a user id");
    assert_string_equal(caller.user, "before");
}

static void the_user_may_be_another_claim(void **state)
{
    (void)state;
    static const char *const names[] = { "preferred_username", "https://travel.example/user" };
    for (size_t i = 0; i < 2; i++) {
        char text[512];
        struct jwt_rules as = rules;
        struct jwt_caller caller;
        struct jwt_refusal refusal;
        as.user_claim = names[i];
        (void)snprintf(text, sizeof text, "{" ISS AUD EXP SUB ",\"%s\":\"bob\"}", names[i]);
        assert_string_equal(check_as(&as, text, &caller, &refusal), "accepted");
        assert_string_equal(caller.user, "bob");
        assert_string_equal(check_as(&as, SOUND, &caller, &refusal), "bad_subject");
    }
}

static const struct {
    const char *pointer;
    const char *member;
    unsigned roles;
    const char *verdict;
} role_cases[] = {
    { NULL, "\"realm_access\":{\"roles\":[\"operator\"]}", 0, "accepted" },
    { "/realm_access/roles", "\"x\":1", 0, "accepted" },
    { "/realm_access/roles", "\"realm_access\":{\"roles\":[\"operator\"]}", OPERATOR, "accepted" },
    { "/realm_access/roles",
      "\"realm_access\":{\"x\":[{}],\"roles\":[\"offline_access\",\"auditor\",\"partner\"]}",
      AUDITOR | PARTNER, "accepted" },
    { "/realm_access/roles", "\"realm_access\":{\"roles\":[]}", 0, "accepted" },
    { "/realm_access/roles", "\"realm_access\":{\"roles\":[\"Operator\",\"operators\",\"\"]}", 0,
      "accepted" },
    { "/realm_access/roles", "\"realm_access\":{\"roles\":[\"opera\\u0074or\"]}", OPERATOR,
      "accepted" },
    { "/realm_access/roles",
      "\"realm_access\":{\"roles\":[\"0123456789012345678901234567890123456789012345678901234567890"
      "12345678901234567890\",\"operator\"]}",
      OPERATOR, "accepted" },
    { "/realm_access/roles", "\"realm_access\":{\"roles\":[\"operator auditor\"]}", 0, "accepted" },
    { "/realm_access/roles", "\"realm_access\":{}", 0, "accepted" },
    { "/realm_access/roles", "\"realm_access\":[\"roles\",\"operator\"]", 0, "accepted" },
    { "/realm_access/roles", "\"realm_access\":\"operator\"", 0, "accepted" },
    { "/realm_access/roles", "\"realm_access\":{\"roles\":{\"operator\":true}}", 0, "bad_claims" },
    { "/realm_access/roles", "\"realm_access\":{\"roles\":[\"operator\",1]}", 0, "bad_claims" },
    { "/realm_access/roles", "\"realm_access\":{\"roles\":[[\"operator\"]]}", 0, "bad_claims" },
    { "/realm_access/roles", "\"realm_access\":{\"roles\":null}", 0, "bad_claims" },
    { "/realm_access/roles", "\"realm_access\":{\"roles\":7}", 0, "bad_claims" },
    { "/scope", "\"scope\":\"openid operator  partner\"", OPERATOR | PARTNER, "accepted" },
    { "/scope", "\"scope\":\"\"", 0, "accepted" },
    { "/scope", "\"scope\":\" auditor \"", AUDITOR, "accepted" },
    { "/scope", "\"scope\":\"operator,auditor\"", 0, "accepted" },
    { "/scope", "\"scope\":\"operator\\tauditor\"", 0, "accepted" },
    { "/resource_access/roundtrip/roles",
      "\"resource_access\":{\"account\":{\"roles\":[\"operator\"]},\"roundtrip\":{\"roles\":["
      "\"auditor\"]}}",
      AUDITOR, "accepted" },
    { "/https:~1~1travel.example~1roles", "\"https://travel.example/roles\":[\"partner\"]", PARTNER,
      "accepted" },
    { "/a~01b", "\"a~1b\":\"operator\"", OPERATOR, "accepted" },
    { "/", "\"\":\"operator\"", OPERATOR, "accepted" },
    { "/a//b", "\"a\":{\"\":{\"b\":\"operator\"}}", OPERATOR, "accepted" },
    { "/a/0", "\"a\":[\"operator\"]", 0, "accepted" },
};

static void roles_are_found_by_their_pointer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof role_cases / sizeof role_cases[0]; i++) {
        char text[1024];
        struct jwt_rules as = rules;
        struct jwt_caller caller = { 0 };
        struct jwt_refusal refusal;
        struct error error;
        as.roles_pointer = role_cases[i].pointer;
        assert_true(jwt_rules_check(&as, &error));
        (void)snprintf(text, sizeof text, "{" ISS AUD EXP SUB ",%s}", role_cases[i].member);
        const char *verdict = check_as(&as, text, &caller, &refusal);
        if (strcmp(verdict, role_cases[i].verdict) != 0 || caller.roles != role_cases[i].roles)
            fail_msg("%s: %s, %x", role_cases[i].member, verdict, caller.roles);
    }
}

/* A token with more roles than anybody keeps still has each that is asked about. */
static void a_token_may_have_any_number_of_roles(void **state)
{
    (void)state;
    char text[JWS_PAYLOAD_BYTES_MAX];
    struct jwt_caller caller;
    struct jwt_refusal refusal;
    size_t length =
        (size_t)snprintf(text, sizeof text, "{" ISS AUD EXP SUB ",\"realm_access\":{\"roles\":[");
    for (int i = 0; i < 300; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "\"role%d\",", i);
    (void)snprintf(text + length, sizeof text - length, "\"partner\"]}}");
    assert_string_equal(check_as(&rules, text, &caller, &refusal), "accepted");
    assert_int_equal(caller.roles, PARTNER);
}

static void a_whole_token_is_verified(void **state)
{
    (void)state;
    static const char *const names[] = { ED_SIGNER, EC_SIGNER };
    for (size_t i = 0; i < 2; i++) {
        char text[JWT_SIGNER_SET_SIZE];
        char token[JWS_TOKEN_SIZE];
        struct jwk_set set;
        struct error error;
        struct jwt_caller caller;
        struct jwt_refusal refusal;
        struct jwt_signer *signer = signer_must_open(names[i]);
        jwt_signer_set_write(signer, text);
        set_must_read(text, &set);
        assert_true(jwt_sign(signer, SOUND, strlen(SOUND), token, &error));
        assert_true(jwt_verify(&set, &rules, token, strlen(token), NOW_S, &caller, &refusal));
        assert_string_equal(caller.user, "alice");
        assert_false(
            jwt_verify(&set, &rules, token, strlen(token), NOW_S + 360, &caller, &refusal));
        assert_int_equal(refusal.reason, JWT_EXPIRED);
        token[strlen(token) - 9] ^= 1;
        assert_false(
            jwt_verify(&set, &rules, token, strlen(token), NOW_S + 360, &caller, &refusal));
        assert_int_not_equal(refusal.reason, JWT_EXPIRED); /* of a forgery nothing is told */
        jwk_set_done(&set);
        jwt_signer_free(signer);
    }
}

static bool rules_fit(const char *issuer, const char *audience, const char *user_claim,
                      const char *roles_pointer, unsigned algs)
{
    struct error error = { 0 };
    const struct jwt_rules as = { .issuer = issuer,
                                  .audience = audience,
                                  .user_claim = user_claim,
                                  .roles_pointer = roles_pointer,
                                  .algs = algs };
    bool fit = jwt_rules_check(&as, &error);
    assert_int_equal(error.code, fit ? ERROR_NONE : ERROR_REJECT);
    return fit;
}

static void rules_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const char *const pointers[] = { "",    "roles", "realm_access/roles", "/a~",
                                            "/~2", "/a/~x", "/1/2/3/4/5/6/7/8/9" };
    char long_text[JWT_RULE_BYTES_MAX + 2];
    memset(long_text, 'a', sizeof long_text);
    long_text[0] = '/';
    long_text[JWT_RULE_BYTES_MAX] = '\0';
    assert_true(rules_fit(long_text, long_text, long_text, long_text, 1));
    assert_true(rules_fit("i", "a", "sub", "/1/2/3/4/5/6/7/8", JWS_ALG_ALL));
    long_text[JWT_RULE_BYTES_MAX] = 'a';
    long_text[JWT_RULE_BYTES_MAX + 1] = '\0';
    const char *const bad[] = { "", NULL, long_text };
    for (size_t i = 0; i < 3; i++) {
        assert_false(rules_fit(bad[i], "a", "sub", NULL, 1));
        assert_false(rules_fit("i", bad[i], "sub", NULL, 1));
        assert_false(rules_fit("i", "a", bad[i], NULL, 1));
    }
    for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++)
        assert_false(rules_fit("i", "a", "sub", pointers[i], 1));
    assert_false(rules_fit("i", "a", "sub", long_text, 1));
    assert_false(rules_fit("i", "a", "sub", NULL, 0));
    assert_false(rules_fit("i", "a", "sub", NULL, JWS_ALG_ALL + 1));
}

static void each_reason_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < JWT_REASON_COUNT; i++) {
        const char *name = jwt_reason_name((enum jwt_reason)i);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(name, jwt_reason_name((enum jwt_reason)j));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_claims_name_the_caller),
        cmocka_unit_test(each_claim_attacked),
        cmocka_unit_test(claims_that_are_cut_anywhere_are_refused),
        cmocka_unit_test(a_user_has_up_to_128_characters),
        cmocka_unit_test(a_refusal_says_the_way_out),
        cmocka_unit_test(the_user_may_be_another_claim),
        cmocka_unit_test(roles_are_found_by_their_pointer),
        cmocka_unit_test(a_token_may_have_any_number_of_roles),
        cmocka_unit_test(a_whole_token_is_verified),
        cmocka_unit_test(rules_that_make_no_sense_are_refused),
        cmocka_unit_test(each_reason_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
