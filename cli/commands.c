/* commands.c - the list of the commands, in the order of the help, and the one that a misspelt word
 * most likely meant. */
#include "cli/commands.h"

#include "common/base/edit_distance.h"
#include "common/base/nearest.h"

#include <stdint.h>
#include <string.h>

const struct command *const commands[] = {
    &command_show,   &command_list,   &command_trace,    &command_listen,
    &command_book,   &command_pay,    &command_cancel,   &command_ledger,
    &command_audit,  &command_stuck,  &command_bench,    &command_dead,
    &command_replay, &command_doctor, &command_services, NULL,
};

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

const char *command_nearest(const char *name)
{
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;
    for (size_t i = 0; commands[i] != NULL; i++) {
        const char *known = commands[i]->name;
        size_t edits = edit_distance(name, strlen(name), known);
        if (nearest_is_likely(name, known) && edits < distance) {
            nearest = known;
            distance = edits;
        }
    }
    return nearest;
}
