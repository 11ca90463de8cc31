/* Whoever gets no memory ends, says so and has a status of its own; nobody is given NULL. */
#include "common/base/exit_status.h"
#include "common/base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MESSAGE_SIZE 256

/* The sanitizers' allocators refuse as the C library's does. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static volatile size_t too_much = SIZE_MAX / 2; /* volatile: a compiler would warn */

static void take_zeroed(void)
{
    (void)memory_alloc(2, too_much);
}

static void take_room(void)
{
    (void)memory_room(too_much);
}

static void take_more(void)
{
    (void)memory_grow(memory_room(1), too_much, 4); /* no size_t holds the product */
}

static void take_from_library(void)
{
    (void)memory_check(NULL);
}

/* What a process that does this writes to stderr, and its status. */
static int status_of(void (*take)(void), char message[MESSAGE_SIZE])
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        take();
        _exit(EXIT_OK);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t got = 1; got > 0; length += (size_t)got) {
        got = read(ends[0], message + length, MESSAGE_SIZE - 1 - length);
        assert_true(got >= 0);
    }
    message[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void without_memory_the_process_ends_and_says_so(void **state)
{
    (void)state;
    void (*const takes[])(void) = { take_zeroed, take_room, take_more, take_from_library };
    for (size_t i = 0; i < sizeof takes / sizeof takes[0]; i++) {
        char message[MESSAGE_SIZE];
        assert_int_equal(status_of(takes[i], message), EXIT_SYSTEM);
        assert_non_null(strstr(message, "test_memory: out of memory: "));
    }
}

static void what_is_there_is_given(void **state)
{
    (void)state;
    char *zeroed = memory_alloc(3, 5);
    for (size_t i = 0; i < 15; i++)
        assert_int_equal(zeroed[i], 0);
    memcpy(zeroed, "kept", 5);
    char *grown = memory_grow(zeroed, 1000, 10);
    assert_string_equal(grown, "kept");
    char *copy = memory_text(grown);
    assert_string_equal(copy, "kept");
    assert_ptr_equal(memory_check(copy), copy);
    free(copy);
    free(grown);
}

static void nothing_has_an_address_too(void **state)
{
    (void)state;
    void *none = memory_alloc(0, 8), *empty = memory_room(0);
    assert_non_null(none);
    assert_non_null(empty);
    free(none);
    free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_the_process_ends_and_says_so),
        cmocka_unit_test(what_is_there_is_given),
        cmocka_unit_test(nothing_has_an_address_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
