/* freeze.c - stops a process and waits until the kernel says so: only then is it sure to do nothing
 * more. */
#include "tests/contract/freeze.h"

#include "common/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define FREEZE_MS_MAX 8000

void process_freeze(pid_t pid)
{
    char path[64], line[512];
    int64_t began_ms = clock_monotonic_ms();
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    for (bool is_frozen = false; !is_frozen;) {
        assert_in_range(clock_monotonic_ms() - began_ms, 0, FREEZE_MS_MAX);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        assert_non_null(fgets(line, sizeof line, file));
        fclose(file);
        const char *after_name = strrchr(line, ')'); /* ") T ...": stopped */
        assert_non_null(after_name);
        is_frozen = after_name[2] == 'T';
    }
}
