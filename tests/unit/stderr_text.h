/* stderr_text.h - for tests: what is said on stderr between begin and end. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

struct stderr_text {
    FILE *file;
    int kept;
};

static inline void stderr_text_begin(struct stderr_text *said)
{
    fflush(stderr);
    said->file = tmpfile();
    said->kept = dup(STDERR_FILENO);
    assert_true(said->file != NULL && said->kept >= 0);
    dup2(fileno(said->file), STDERR_FILENO);
}

static inline void stderr_text_end(struct stderr_text *said, char *text, size_t size)
{
    fflush(stderr);
    dup2(said->kept, STDERR_FILENO);
    close(said->kept);
    rewind(said->file);
    text[fread(text, 1, size - 1, said->file)] = '\0';
    fclose(said->file);
}
