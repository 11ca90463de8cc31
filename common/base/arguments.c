/* arguments.c - reads words by the table, and prints usage and help from the same table. */
#include "common/base/arguments.h"

#include "common/base/ident.h"
#include "common/base/nearest.h"
#include "common/base/text.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define NAME_BYTES_MAX  64
#define ARGUMENTS_MAX   16
#define HELP_NAME_WIDTH 24

struct reading {
    const struct argument *table;
    void *target;
    FILE *messages;
    bool is_given[ARGUMENTS_MAX];
};

static bool is_option(const struct argument *argument)
{
    return argument->name[0] == '-';
}

static bool takes_value(const struct argument *argument)
{
    return argument->type != ARGUMENT_FLAG;
}

static bool int_take(struct reading *reading, const struct argument *argument, const char *text)
{
    int64_t value;
    if (!text_read_int(text, &value) || value < argument->minimum || value > argument->maximum) {
        fprintf(reading->messages, "%s: a number from %" PRId64 " to %" PRId64 " is needed\n",
                argument->name, argument->minimum, argument->maximum);
        return false;
    }
    memcpy((char *)reading->target + argument->offset, &value, sizeof value);
    return true;
}

static bool value_take(struct reading *reading, const struct argument *argument, const char *text)
{
    char *place = (char *)reading->target + argument->offset;
    reading->is_given[argument - reading->table] = true;
    switch (argument->type) {
    case ARGUMENT_INT:
        return int_take(reading, argument, text);
    case ARGUMENT_FLAG: {
        bool yes = true;
        memcpy(place, &yes, sizeof yes);
        return true;
    }
    case ARGUMENT_CHOICE:
        if (text_is_choice(argument->choices, text))
            break;
        fprintf(reading->messages, "%s: one of %s is needed\n", argument->name, argument->choices);
        return false;
    case ARGUMENT_IDENT:
        if (ident_is_valid(text, strlen(text)))
            break;
        fprintf(reading->messages, "%s: an id has 1 to %d letters, digits or _ . : -\n",
                argument->name, IDENT_BYTES_MAX);
        return false;
    case ARGUMENT_USER:
        if (user_is_valid(text, strlen(text)))
            break;
        fprintf(reading->messages, "%s: a user has 1 to %d letters, digits or _ . : @ + | / -\n",
                argument->name, USER_BYTES_MAX);
        return false;
    case ARGUMENT_TEXT:
        break;
    }
    memcpy(place, &text, sizeof text);
    return true;
}

static const struct argument *option_find(const struct argument *table, const char *word,
                                          size_t length)
{
    for (const struct argument *at = table; at->name != NULL; at++) {
        bool is_long =
            is_option(at) && strlen(at->name) == length && memcmp(at->name, word, length) == 0;
        bool is_letter = length == 2 && word[0] == '-' && at->letter == word[1] && word[1] != '\0';
        if (is_long || is_letter)
            return at;
    }
    return NULL;
}

static void option_refuse(struct reading *reading, const char *word)
{
    fprintf(reading->messages, "unknown option %.*s", NAME_BYTES_MAX, word);
    for (const struct argument *at = reading->table; at->name != NULL; at++) {
        if (is_option(at) && nearest_is_likely(word, at->name)) {
            fprintf(reading->messages, "; did you mean %s?\n", at->name);
            return;
        }
    }
    fputs("; see --help\n", reading->messages);
}

/* Takes words[*index], and its value if that is the next word. */
static bool option_take(struct reading *reading, int count, char *const *words, int *index)
{
    const char *word = words[*index];
    size_t length = strcspn(word, "=");
    const struct argument *argument = option_find(reading->table, word, length);
    const char *value = word[length] == '=' ? word + length + 1 : NULL;
    if (argument == NULL) {
        option_refuse(reading, word);
        return false;
    }
    if (!takes_value(argument) && value != NULL) {
        fprintf(reading->messages, "%s takes no value\n", argument->name);
        return false;
    }
    if (takes_value(argument) && value == NULL) {
        if (*index + 1 == count) {
            fprintf(reading->messages, "%s needs a value\n", argument->name);
            return false;
        }
        value = words[++*index];
    }
    return value_take(reading, argument, value != NULL ? value : "");
}

static bool positional_take(struct reading *reading, const char *word)
{
    for (const struct argument *at = reading->table; at->name != NULL; at++)
        if (!is_option(at) && !reading->is_given[at - reading->table])
            return value_take(reading, at, word);
    fprintf(reading->messages, "one argument too many: %.*s\n", NAME_BYTES_MAX, word);
    return false;
}

bool arguments_read(const struct argument *table, int count, char *const *words, void *target,
                    FILE *messages)
{
    assert(table != NULL && count >= 0 && target != NULL);
    struct reading reading = { .table = table, .target = target, .messages = messages };
    bool are_options_over = false;
    for (int i = 0; i < count; i++) {
        bool is_dash = words[i][0] == '-' && words[i][1] != '\0' && !are_options_over;
        if (is_dash && strcmp(words[i], "--") == 0) {
            are_options_over = true;
        } else if (is_dash) {
            if (!option_take(&reading, count, words, &i))
                return false;
        } else if (!positional_take(&reading, words[i])) {
            return false;
        }
    }
    for (const struct argument *at = table; at->name != NULL; at++) {
        if (at->is_required && !reading.is_given[at - table]) {
            fprintf(messages, "%s is missing\n", at->name);
            return false;
        }
    }
    return true;
}

static void name_print(const struct argument *argument, char *text, size_t size)
{
    const char *value = argument->type == ARGUMENT_INT      ? " N"
                        : argument->type == ARGUMENT_CHOICE ? " CHOICE"
                        : takes_value(argument)             ? " TEXT"
                                                            : "";
    if (!is_option(argument))
        snprintf(text, size, "%s", argument->name);
    else if (argument->letter != '\0')
        snprintf(text, size, "-%c, %s%s", argument->letter, argument->name, value);
    else
        snprintf(text, size, "%s%s", argument->name, value);
}

void arguments_print_help(const struct argument *table, FILE *out)
{
    assert(table != NULL && out != NULL);
    char name[NAME_BYTES_MAX];
    for (const struct argument *at = table; at->name != NULL; at++) {
        name_print(at, name, sizeof name);
        fprintf(out, "  %-*s %s\n", HELP_NAME_WIDTH, name, at->meaning);
    }
}

void arguments_print_usage(const struct argument *table, FILE *out)
{
    assert(table != NULL && out != NULL);
    bool has_options = false;
    for (const struct argument *at = table; at->name != NULL; at++)
        if (is_option(at) && !at->is_required)
            has_options = true;
        else if (is_option(at))
            fprintf(out, " %s %s", at->name, at->type == ARGUMENT_INT ? "N" : "TEXT");
        else
            fprintf(out, at->is_required ? " %s" : " [%s]", at->name);
    fputs(has_options ? " [options]\n" : "\n", out);
}
