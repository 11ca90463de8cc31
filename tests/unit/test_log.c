/* One line of valid JSON for each message, whatever it holds and however many threads log. */
#include "common/json/json_read.h"
#include "common/log/log.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define OUTPUT_SIZE  ((size_t)4 * 1024 * 1024)
#define THREADS      4
#define THREAD_LINES 500

/* Standard output while a test logs: a file, because a pipe could fill up. */
struct capture {
    int stdout_copy;
    FILE *file;
    char *text;
};

static void capture_begin(struct capture *capture)
{
    fflush(stdout);
    capture->stdout_copy = dup(STDOUT_FILENO);
    capture->file = tmpfile();
    assert_true(capture->stdout_copy >= 0 && capture->file != NULL);
    assert_true(dup2(fileno(capture->file), STDOUT_FILENO) == STDOUT_FILENO);
}

static void capture_end(struct capture *capture)
{
    dup2(capture->stdout_copy, STDOUT_FILENO);
    close(capture->stdout_copy);
    capture->text = malloc(OUTPUT_SIZE);
    assert_non_null(capture->text);
    rewind(capture->file);
    size_t length = fread(capture->text, 1, OUTPUT_SIZE - 1, capture->file);
    capture->text[length] = '\0';
    fclose(capture->file);
}

struct line {
    char ts[64], level[16], msg[8192], service[128];
    char trace_id[64], span_id[32], trace_flags[8];
    char booking_id[512], payment_id[512], message_id[512], decision[512];
};

static void line_read(const char *text, size_t length, struct line *ret_line)
{
    struct line *line = ret_line;
    memset(line, 0, sizeof *line);
    struct {
        const char *name;
        char *buffer;
        size_t size;
    } places[] = {
#define PLACE(name) { #name, line->name, sizeof line->name }
        PLACE(ts),         PLACE(level),      PLACE(msg),         PLACE(service),
        PLACE(trace_id),   PLACE(span_id),    PLACE(trace_flags), PLACE(booking_id),
        PLACE(payment_id), PLACE(message_id), PLACE(decision),
#undef PLACE
    };
    struct json_object object;
    struct json_problem problem;
    if (!json_object_scan(text, length, &object, &problem))
        fail_msg("%s: %.*s", problem.detail, (int)length, text);
    for (size_t i = 0; i < object.count; i++) {
        bool is_known = false;
        for (size_t j = 0; j < sizeof places / sizeof places[0]; j++) {
            if (object.members[i].key.length != strlen(places[j].name) ||
                memcmp(object.members[i].key.at, places[j].name, strlen(places[j].name)) != 0)
                continue;
            is_known = json_string_copy(&object.members[i].value, places[j].buffer, places[j].size);
        }
        assert_true(is_known);
    }
}

static void only_line_read(struct capture *capture, struct line *ret_line)
{
    capture_end(capture);
    size_t length = strlen(capture->text);
    assert_true(length > 0 && capture->text[length - 1] == '\n');
    assert_ptr_equal(strchr(capture->text, '\n'), capture->text + length - 1);
    line_read(capture->text, length - 1, ret_line);
    free(capture->text);
}

static const struct trace_context trace = { .trace_id = { 0x4b, 0xf9, [15] = 0x36 },
                                            .span_id = { 0x00, 0xf0, [7] = 0xb7 },
                                            .flags = 1,
                                            .is_set = true };

static void a_line_is_one_json_object_with_the_agreed_members(void **state)
{
    (void)state;
    log_start("booking", "info", "json");
    struct capture capture;
    capture_begin(&capture);
    log_write_about(LOG_WARNING,
                    &(struct log_subject){ .trace = &trace,
                                           .booking_id = "B1",
                                           .payment_id = "P1",
                                           .message_id = "M1",
                                           .decision = "confirm" },
                    "took %d", 3);
    struct line line;
    only_line_read(&capture, &line);
    assert_string_equal(line.level, "warning");
    assert_string_equal(line.msg, "took 3");
    assert_string_equal(line.service, "booking");
    assert_string_equal(line.trace_id, "4bf90000000000000000000000000036");
    assert_string_equal(line.span_id, "00f00000000000b7");
    assert_string_equal(line.trace_flags, "01");
    assert_string_equal(line.booking_id, "B1");
    assert_string_equal(line.payment_id, "P1");
    assert_string_equal(line.message_id, "M1");
    assert_string_equal(line.decision, "confirm");
}

static void what_a_line_is_not_about_is_left_out(void **state)
{
    (void)state;
    log_start("booking", "info", "json");
    struct capture capture;
    capture_begin(&capture);
    log_write_about(LOG_ERROR,
                    &(struct log_subject){ .trace = &(struct trace_context){ .is_set = false } },
                    "x");
    log_write(LOG_ERROR, "x");
    capture_end(&capture);
    static const char *const names[] = { "trace_id", "span_id", "_id\"", "decision", "null" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_null(strstr(capture.text, names[i]));
    free(capture.text);
}

static void the_time_is_rfc_3339_with_nanoseconds(void **state)
{
    (void)state;
    log_start("booking", "info", "json");
    struct capture capture;
    capture_begin(&capture);
    log_write(LOG_INFO, "x");
    struct line line;
    only_line_read(&capture, &line);
    static const char shape[] = "2000-00-00T00:00:00.000000000Z";
    assert_int_equal(strlen(line.ts), sizeof shape - 1);
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (shape[i] == '0')
            assert_in_range(line.ts[i], '0', '9');
        else
            assert_int_equal(line.ts[i], shape[i]);
}

static void levels_below_the_least_are_silent(void **state)
{
    (void)state;
    static const char *const levels[] = { "debug", "info", "warning", "error" };
    for (size_t least = 0; least < 4; least++) {
        log_start("s", levels[least], "json");
        struct capture capture;
        capture_begin(&capture);
        for (int level = LOG_DEBUG; level <= LOG_ERROR; level++)
            log_write((enum log_level)level, "x");
        capture_end(&capture);
        for (size_t level = 0; level < 4; level++) {
            char member[32];
            snprintf(member, sizeof member, "\"level\":\"%s\"", levels[level]);
            assert_int_equal(strstr(capture.text, member) != NULL, level >= least);
        }
        free(capture.text);
    }
}

static void nothing_in_a_message_breaks_the_line(void **state)
{
    (void)state;
    log_start("booking", "info", "json");
    struct capture capture;
    capture_begin(&capture);
    static const char text[] = "a\n{\"level\":\"x\"}\r\x1b[31m\xff\xc3\"\\%s";
    log_write_about(LOG_INFO, &(struct log_subject){ .booking_id = "b\"\n,\xfe" }, "%s", text);
    struct line line;
    only_line_read(&capture, &line);
    assert_string_equal(line.msg, "a\n{\"level\":\"x\"}\r\x1b[31m\xef\xbf\xbd\xef\xbf\xbd\"\\%s");
    assert_string_equal(line.booking_id, "b\"\n,\xef\xbf\xbd");
}

/* Fills everything with the byte whose escape is longest, and then with characters of three. */
static void a_line_is_cut_to_a_bound_and_stays_valid(void **state)
{
    (void)state;
    static const char *const fillings[] = { "\x01", "\xff", "\xe2\x82\xac" };
    static const char *const formats[] = { "json", "text" };
    for (size_t i = 0; i < 3; i++) {
        char *text = calloc(1, 9001);
        assert_non_null(text);
        for (size_t at = 0; at < 9000; at++)
            text[at] = fillings[i][at % strlen(fillings[i])];
        for (size_t j = 0; j < 2; j++) {
            log_start(text, "info", formats[j]);
            struct capture capture;
            capture_begin(&capture);
            struct log_subject subject = { &trace, text, text, text, text };
            log_write_about(LOG_INFO, &subject, "%s", text);
            struct line line;
            if (j == 0) {
                only_line_read(&capture, &line);
                assert_string_equal(line.msg + strlen(line.msg) - 3, "...");
                continue;
            }
            capture_end(&capture);
            assert_in_range(strlen(capture.text), 1000, 20000);
            assert_ptr_equal(strchr(capture.text, '\n') + 1, capture.text + strlen(capture.text));
            free(capture.text);
        }
        free(text);
    }
}

static void a_message_that_just_fits_is_not_cut(void **state)
{
    (void)state;
    log_start("booking", "info", "json");
    for (int length = 2047; length <= 2049; length++) {
        struct capture capture;
        capture_begin(&capture);
        log_write(LOG_INFO, "%0*d", length, 0);
        struct line line;
        only_line_read(&capture, &line);
        assert_int_equal(strlen(line.msg), length <= 2048 ? length : 2048);
        assert_string_equal(line.msg + strlen(line.msg) - 3, length <= 2048 ? "000" : "...");
    }
}

static void the_text_form_is_for_people_and_obeys_no_control_characters(void **state)
{
    (void)state;
    log_start("booking", "info", "text");
    struct capture capture;
    capture_begin(&capture);
    log_write_about(LOG_INFO, &(struct log_subject){ .trace = &trace, .booking_id = "B1\x1b" },
                    "hello\n\x1b[31m");
    capture_end(&capture);
    assert_string_equal(capture.text + strcspn(capture.text, "Z"),
                        "Z info    booking: hello\\n\\u001b[31m booking_id=B1\\u001b "
                        "trace_id=4bf90000000000000000000000000036\n");
    free(capture.text);
}

static void *lines_write(void *name)
{
    for (int i = 0; i < THREAD_LINES; i++)
        log_write_about(LOG_INFO, &(struct log_subject){ .booking_id = name }, "line %d", i);
    return NULL;
}

static void lines_of_many_threads_stay_whole(void **state)
{
    (void)state;
    static char names[THREADS][2] = { "a", "b", "c", "d" };
    log_start("booking", "info", "json");
    struct capture capture;
    capture_begin(&capture);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, lines_write, names[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    capture_end(&capture);
    int next[THREADS] = { 0 };
    for (const char *at = capture.text; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        struct line line;
        line_read(at, length, &line);
        char expected[32];
        int *of_thread = &next[line.booking_id[0] - 'a'];
        snprintf(expected, sizeof expected, "line %d", (*of_thread)++);
        assert_string_equal(line.msg, expected);
        at += length + 1;
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(next[i], THREAD_LINES);
    free(capture.text);
}

static void errno_survives_a_line_that_cannot_be_written(void **state)
{
    (void)state;
    log_start("booking", "info", "json");
    fflush(stdout);
    int copy = dup(STDOUT_FILENO);
    close(STDOUT_FILENO);
    errno = ENOENT;
    log_write(LOG_ERROR, "nobody hears this");
    int after = errno;
    dup2(copy, STDOUT_FILENO);
    close(copy);
    assert_int_equal(after, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_one_json_object_with_the_agreed_members),
        cmocka_unit_test(what_a_line_is_not_about_is_left_out),
        cmocka_unit_test(the_time_is_rfc_3339_with_nanoseconds),
        cmocka_unit_test(levels_below_the_least_are_silent),
        cmocka_unit_test(nothing_in_a_message_breaks_the_line),
        cmocka_unit_test(a_line_is_cut_to_a_bound_and_stays_valid),
        cmocka_unit_test(a_message_that_just_fits_is_not_cut),
        cmocka_unit_test(the_text_form_is_for_people_and_obeys_no_control_characters),
        cmocka_unit_test(lines_of_many_threads_stay_whole),
        cmocka_unit_test(errno_survives_a_line_that_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
