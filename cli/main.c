/* roundtrip - looks at a running system, and acts on it as a client and as a provider would.
 *
 * Reads the services' HTTP interfaces, their stores (it never writes one), the broker through
 * queues of its own, and Jaeger or the trace file. What it changes goes the way that everybody
 * goes: an HTTP request, or a dead letter published once more. */
#include "cli/commands.h"
#include "cli/screen/json.h"
#include "cli/screen/text.h"
#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define NAME_WIDTH       10
#define NAME_SHOWN_BYTES 64

static volatile sig_atomic_t is_stopped;

static void stop_note(int signal_number)
{
    (void)signal_number;
    is_stopped = 1;
}

static void signals_watch(void)
{
    /* no SA_RESTART: waits end. A second Ctrl-C ends the process, whatever it waits for. */
    struct sigaction action = { .sa_handler = stop_note, .sa_flags = (int)SA_RESETHAND };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* `roundtrip listen | head`: the write fails and we end */
}

static void help_print(FILE *out)
{
    fputs("roundtrip - what happens to bookings and payments\n\nusage: roundtrip COMMAND ...\n\n",
          out);
    for (size_t i = 0; commands[i] != NULL; i++)
        fprintf(out, "  %-*s %s\n", NAME_WIDTH, commands[i]->name, commands[i]->summary);
    fprintf(out, "  %-*s %s\n", NAME_WIDTH, "help", "this, or one command in full");
    fputs("\nThe addresses come from var/run/env, which ./run writes, found from here upwards; from"
          "\nROUNDTRIP_ENV; or from variables such as ROUNDTRIP_GATEWAY_URL, which win."
          "\nExit status: 0 fine, 1 something is wrong, 2 not found, 64 usage, 69 no answer.\n",
          out);
}

static void command_help_print(const struct command *command, FILE *out)
{
    fprintf(out, "roundtrip %s - %s\n\nusage: roundtrip %s", command->name, command->summary,
            command->name);
    arguments_print_usage(command->arguments, out);
    fputc('\n', out);
    arguments_print_help(command->arguments, out);
    if (command->details != NULL)
        fprintf(out, "\n%s", command->details);
}

static enum exit_status unknown_command(const char *name)
{
    const char *nearest = command_nearest(name);
    if (nearest != NULL)
        complain("there is no command %.*s; did you mean %s?", NAME_SHOWN_BYTES, name, nearest);
    else
        complain("there is no command %.*s; roundtrip help lists them", NAME_SHOWN_BYTES, name);
    return EXIT_USAGE;
}

static enum exit_status help_run(const char *name)
{
    if (name == NULL) {
        help_print(stdout);
        return EXIT_OK;
    }
    const struct command *command = command_find(name);
    if (command == NULL)
        return unknown_command(name);
    command_help_print(command, stdout);
    return EXIT_OK;
}

static enum exit_status command_run(const struct command *command, int count, char *const *words)
{
    struct cli cli = { .out = stdout, .is_stopped = &is_stopped };
    struct error error;
    void *options = memory_alloc(1, command->options_size);
    enum exit_status status = EXIT_USAGE;
    if (!arguments_read(command->arguments, count, words, options, stderr)) {
        fprintf(stderr, "usage: roundtrip %s", command->name);
        arguments_print_usage(command->arguments, stderr);
        goto done;
    }
    if (!settings_read(&cli.settings, &error)) {
        complain("%s", error.message);
        goto done;
    }
    cli.has_colours = text_has_colours(cli.out);
    signals_watch();
    status = command->run(&cli, options);
    if (fflush(cli.out) != 0 && status == EXIT_OK)
        status = EXIT_WRONG; /* what was asked for did not get out */
done:
    settings_done(&cli.settings);
    free(options);
    return status;
}

static bool is_one_of(const char *word, const char *one, const char *other)
{
    return strcmp(word, one) == 0 || strcmp(word, other) == 0;
}

static enum exit_status words_run(int argc, char **argv)
{
    if (argc < 2) {
        help_print(stderr);
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (is_one_of(name, "--version", "-V")) {
        puts("roundtrip " ROUNDTRIP_VERSION);
        return EXIT_OK;
    }
    if (strcmp(name, "help") == 0 || is_one_of(name, "--help", "-h"))
        return help_run(argc > 2 ? argv[2] : NULL);
    const struct command *command = command_find(name);
    if (command == NULL)
        return unknown_command(name);
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (is_one_of(argv[i], "--help", "-h"))
            return help_run(name);
    return command_run(command, argc - 2, argv + 2);
}

int main(int argc, char **argv)
{
    json_start();
    return (int)words_run(argc, argv);
}
