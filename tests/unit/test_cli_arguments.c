/* A command's arguments, by its table. */
#include "cli/commands/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct target {
    const char *booking, *extra, *output, *text;
    int64_t count;
    bool is_loud;
};

static const struct argument table[] = {
    { .name = "BOOKING",
      .type = ARGUMENT_IDENT,
      .is_required = true,
      .offset = offsetof(struct target, booking),
      .meaning = "which" },
    { .name = "EXTRA",
      .type = ARGUMENT_TEXT,
      .offset = offsetof(struct target, extra),
      .meaning = "more" },
    { .name = "--count",
      .letter = 'n',
      .type = ARGUMENT_INT,
      .offset = offsetof(struct target, count),
      .minimum = 1,
      .maximum = 10,
      .meaning = "how many" },
    { .name = "--loud",
      .letter = 'l',
      .type = ARGUMENT_FLAG,
      .offset = offsetof(struct target, is_loud),
      .meaning = "louder" },
    { .name = "--text",
      .type = ARGUMENT_TEXT,
      .offset = offsetof(struct target, text),
      .meaning = "any" },
    OUTPUT_ARGUMENT(struct target),
    { 0 },
};

#define WORDS_MAX 8
static char line_copy[256]; /* the target's texts point into it */
static char said[512];

/* Reads the words of one line; what is complained about is in `said`. */
static bool read_line(const char *line, struct target *ret)
{
    char *words[WORDS_MAX];
    int count = 0;
    char *rest = line_copy;
    snprintf(line_copy, sizeof line_copy, "%s", line);
    for (char *word = strsep(&rest, " "); word != NULL && count < WORDS_MAX;
         word = strsep(&rest, " "))
        if (word[0] != '\0')
            words[count++] = word;
    memset(ret, 0, sizeof *ret);
    memset(said, 0, sizeof said);
    FILE *messages = fmemopen(said, sizeof said, "w");
    assert_non_null(messages);
    bool is_read = arguments_read(table, count, words, ret, messages);
    fclose(messages);
    assert_int_equal(is_read, said[0] == '\0');
    return is_read;
}

static void all_forms_of_an_option_are_read(void **state)
{
    (void)state;
    struct target target;
    assert_true(read_line("B1 --count 3 -l -o json", &target));
    assert_string_equal(target.booking, "B1");
    assert_int_equal(target.count, 3);
    assert_true(target.is_loud);
    assert_string_equal(target.output, "json");
    assert_true(read_line("--count=4 B1 --text=a=b", &target));
    assert_int_equal(target.count, 4);
    assert_string_equal(target.text, "a=b");
    assert_true(read_line("-n 5 B1 more", &target));
    assert_int_equal(target.count, 5);
    assert_string_equal(target.extra, "more");
}

static void what_is_left_out_stays_as_it_was(void **state)
{
    (void)state;
    struct target target;
    assert_true(read_line("B1", &target));
    assert_null(target.extra);
    assert_null(target.output);
    assert_int_equal(target.count, 0);
    assert_false(target.is_loud);
}

static void a_double_dash_ends_the_options(void **state)
{
    (void)state;
    struct target target;
    assert_true(read_line("B1 -- --loud", &target));
    assert_string_equal(target.extra, "--loud");
    assert_false(target.is_loud);
}

static void a_misspelt_option_names_the_right_one(void **state)
{
    (void)state;
    struct target target;
    assert_false(read_line("B1 --cuont 3", &target));
    assert_non_null(strstr(said, "--cuont"));
    assert_non_null(strstr(said, "did you mean --count?"));
}

static void bad_values_are_refused_by_name(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        { "", "BOOKING is missing" },
        { "B1 x y", "one argument too many: y" },
        { "B1 --count", "--count needs a value" },
        { "B1 --count 11", "from 1 to 10" },
        { "B1 --count 0", "from 1 to 10" },
        { "B1 --count 3x", "from 1 to 10" },
        { "B1 --count 99999999999999999999", "from 1 to 10" },
        { "B1 --count=", "from 1 to 10" },
        { "B1 -o yaml", "one of table|json" },
        { "B1 -o tab", "one of table|json" },
        { "B1 --output=", "one of table|json" },
        { "B1 --loud=yes", "--loud takes no value" },
        { "B/1", "BOOKING: an id has" },
        { "B1 -x", "unknown option -x" },
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct target target;
        assert_false(read_line(lines[i][0], &target));
        if (strstr(said, lines[i][1]) == NULL)
            fail_msg("'%s' is refused with: %s", lines[i][0], said);
    }
}

static void the_usage_line_shows_what_must_be_there(void **state)
{
    (void)state;
    char text[128] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    arguments_print_usage(table, out);
    fclose(out);
    assert_string_equal(text, " BOOKING [EXTRA] [options]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms_of_an_option_are_read),
        cmocka_unit_test(what_is_left_out_stays_as_it_was),
        cmocka_unit_test(a_double_dash_ends_the_options),
        cmocka_unit_test(a_misspelt_option_names_the_right_one),
        cmocka_unit_test(bad_values_are_refused_by_name),
        cmocka_unit_test(the_usage_line_shows_what_must_be_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
