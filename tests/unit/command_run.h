/* command_run.h - for tests: runs a command as its main does, from the words to its exit status. */
#pragma once

#include "cli/commands/command.h"
#include "tests/unit/stderr_text.h"

#include <stdlib.h>
#include <string.h>

#define COMMAND_WORDS_MAX 16

static char out[1 << 18];
static char said[1024];

/* The words are parted by blanks. What it prints is in `out`, what it says on stderr in `said`. */
static inline enum exit_status command_run(const struct command *command, struct cli *cli,
                                           const char *line)
{
    char text[256];
    char *words[COMMAND_WORDS_MAX];
    int count = 0;
    char *rest = text;
    struct stderr_text heard;
    snprintf(text, sizeof text, "%s", line);
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " "))
        if (word[0] != '\0')
            words[count++] = word;
    void *options = calloc(1, command->options_size);
    memset(out, 0, sizeof out);
    cli->out = fmemopen(out, sizeof out - 1, "w");
    assert_true(cli->out != NULL && options != NULL);
    assert_true(arguments_read(command->arguments, count, words, options, stderr));
    stderr_text_begin(&heard);
    enum exit_status status = command->run(cli, options);
    stderr_text_end(&heard, said, sizeof said);
    fclose(cli->out);
    free(options);
    return status;
}
