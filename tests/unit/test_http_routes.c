/* Which row a path means, escapes and queries; a header that comes twice is none. */
#include "common/http/http_guard.h"
#include "common/http/http_percent.h"
#include "common/http/http_routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void handle(void *self, const struct http_request *request, struct http_answer *answer)
{
    (void)self, (void)request, (void)answer;
}

static const struct http_route routes[] = {
    { "POST", "/orders", true, handle, NULL },
    { "GET", "/orders/{id}", false, handle, NULL },
    { "GET", "/orders/summary", false, handle, NULL },
    { "POST", "/orders/{id}/cancel", false, handle, NULL },
};
#define ROUTE_COUNT (sizeof routes / sizeof routes[0])

static struct http_match match(const char *method, const char *path)
{
    struct http_match found;
    http_routes_match(routes, ROUTE_COUNT, method, path, &found);
    return found;
}

static void a_route_matches_its_whole_path_only(void **state)
{
    (void)state;
    static const char *const unknown[] = { "/",
                                           "/order",
                                           "/ordersx",
                                           "/orders/",
                                           "/orders/a/",
                                           "/orders/a/cancelx",
                                           "/orders/a/b",
                                           "/orders/a/b/cancel",
                                           "/orders//cancel",
                                           "/orders/{id}" };
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        struct http_match found = match("GET", unknown[i]);
        assert_null(found.route);
        assert_string_equal(found.allow, "");
    }
    assert_ptr_equal(match("POST", "/orders").route, &routes[0]);
    assert_ptr_equal(match("POST", "/orders/a/cancel").route, &routes[3]);
}

static void an_exact_route_goes_before_one_with_an_id(void **state)
{
    (void)state;
    assert_ptr_equal(match("GET", "/orders/summary").route, &routes[2]);
    assert_string_equal(match("GET", "/orders/summary").parameter, "");
    assert_ptr_equal(match("GET", "/orders/summaryx").route, &routes[1]);
}

static void the_id_of_a_path_is_decoded_and_checked(void **state)
{
    (void)state;
    assert_string_equal(match("GET", "/orders/A%3ab").parameter, "A:b");
    assert_null(match("GET", "/orders/$where").route);
    assert_null(match("GET", "/orders/a%20b").route);
    char path[128] = "/orders/";
    memset(path + 8, 'i', 64);
    assert_ptr_equal(match("GET", path).route, &routes[1]);
    path[8 + 64] = 'i';
    assert_null(match("GET", path).route);
}

static void another_method_learns_which_are_allowed(void **state)
{
    (void)state;
    struct http_match found = match("DELETE", "/orders/a");
    assert_null(found.route);
    assert_string_equal(found.allow, "GET, HEAD");
    assert_string_equal(match("GET", "/orders").allow, "POST");
    assert_ptr_equal(match("HEAD", "/orders/a").route, &routes[1]);
    assert_null(match("HEAD", "/orders").route);
}

/* ---- escapes, queries ---- */

static void escapes_are_decoded_or_refused(void **state)
{
    (void)state;
    char text[8];
    assert_true(http_percent_decode("a%41+", 5, true, text, sizeof text));
    assert_string_equal(text, "aA ");
    assert_true(http_percent_decode("a+", 2, false, text, sizeof text));
    assert_string_equal(text, "a+");
    assert_true(http_percent_decode("1234567", 7, false, text, sizeof text));
    assert_false(http_percent_decode("12345678", 8, false, text, sizeof text));
    assert_false(http_percent_decode("%0", 2, false, text, sizeof text));
    assert_false(http_percent_decode("%00", 3, false, text, sizeof text));
    assert_false(http_percent_decode("%4", 2, false, text, sizeof text));
    assert_false(http_percent_decode("%41", 2, false, text, sizeof text)); /* its end is not ours */
    assert_false(http_percent_decode("\x7f", 1, false, text, sizeof text));
}

static void a_query_parameter_is_found_by_its_whole_name(void **state)
{
    (void)state;
    char text[8];
    struct http_request request = { .query =
                                        "limited=9&limit=5&limit=6&empty=&flag&long=123456789" };
    assert_true(http_request_query(&request, "limit", text, sizeof text));
    assert_string_equal(text, "5");
    assert_true(http_request_query(&request, "empty", text, sizeof text));
    assert_string_equal(text, "");
    assert_false(http_request_query(&request, "flag", text, sizeof text));
    assert_false(http_request_query(&request, "imit", text, sizeof text));
    assert_false(http_request_query(&request, "long", text, sizeof text));
    request.query = "";
    assert_false(http_request_query(&request, "limit", text, sizeof text));
}

static void a_repeated_header_is_no_header(void **state)
{
    (void)state;
    const struct http_field fields[] = { { "A", "1" }, { "B", "2" }, { "a", "3" } };
    struct http_head head = { "GET", "/", "1.1", fields, 3 };
    struct http_request request = { .connection = &head };
    bool is_repeated = false;
    assert_string_equal(http_request_header(&request, "b", &is_repeated), "2");
    assert_false(is_repeated);
    assert_null(http_request_header(&request, "a", &is_repeated));
    assert_true(is_repeated);
    assert_null(http_request_header(&request, "c", &is_repeated));
    assert_false(is_repeated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_matches_its_whole_path_only),
        cmocka_unit_test(an_exact_route_goes_before_one_with_an_id),
        cmocka_unit_test(the_id_of_a_path_is_decoded_and_checked),
        cmocka_unit_test(another_method_learns_which_are_allowed),
        cmocka_unit_test(escapes_are_decoded_or_refused),
        cmocka_unit_test(a_query_parameter_is_found_by_its_whole_name),
        cmocka_unit_test(a_repeated_header_is_no_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
