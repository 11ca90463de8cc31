/* settings.c - the table of variables with their defaults, and the reader of var/run/env, which
 * undoes a shell's quoting. */
#include "cli/sources/settings.h"

#include "common/base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES_MAX 65536
#define FILE_IN_TREE   "var/run/env"

struct variable {
    const char *name;
    size_t offset;
    const char *default_value;
};

#define VARIABLE(name, member, value)                                                              \
    {                                                                                              \
        name, offsetof(struct settings, member), value                                             \
    }
static const struct variable variables[] = {
    VARIABLE("ROUNDTRIP_GATEWAY_URL", gateway_url, "http://127.0.0.1:3000"),
    VARIABLE("ROUNDTRIP_BOOKING_URL", booking_url, "http://127.0.0.1:3001"),
    VARIABLE("ROUNDTRIP_PAYMENT_URL", payment_url, "http://127.0.0.1:3002"),
    VARIABLE("ROUNDTRIP_PROVIDER_URL", provider_url, "http://127.0.0.1:3009"),
    VARIABLE("ROUNDTRIP_GATEWAY_OPS_URL", gateway_ops_url, "http://127.0.0.1:3100"),
    VARIABLE("ROUNDTRIP_BOOKING_OPS_URL", booking_ops_url, "http://127.0.0.1:3101"),
    VARIABLE("ROUNDTRIP_PAYMENT_OPS_URL", payment_ops_url, "http://127.0.0.1:3102"),
    VARIABLE("ROUNDTRIP_AMQP_URL", amqp_url, "amqp://guest:guest@127.0.0.1:5672/"),
    VARIABLE("ROUNDTRIP_MANAGEMENT_URL", management_url, ""),
    VARIABLE("ROUNDTRIP_STORE_GATEWAY", store_gateway, ""),
    VARIABLE("ROUNDTRIP_STORE_BOOKING", store_booking, ""),
    VARIABLE("ROUNDTRIP_STORE_PAYMENT", store_payment, ""),
    VARIABLE("ROUNDTRIP_WEBHOOK_SECRET", webhook_secret, ""),
    VARIABLE("ROUNDTRIP_JAEGER_URL", jaeger_url, ""),
    VARIABLE("ROUNDTRIP_TRACE_FILE", trace_file, ""),
    VARIABLE("ROUNDTRIP_RUN_DIR", run_dir, ""),
};
#define VARIABLE_COUNT (sizeof variables / sizeof variables[0])

static const char **variable_of(struct settings *settings, size_t index)
{
    return (const char **)(void *)((char *)settings + variables[index].offset);
}

/* $'…' holds \n, \t, \' and octal escapes; only the plain ones are taken, for no address has the
 * others. */
static bool unquote_dollar(const char **from, char **to)
{
    for (*from += 2; **from != '\''; (*from)++) {
        if (**from == '\\' && ((*from)[1] == '\\' || (*from)[1] == '\''))
            (*from)++;
        else if (**from == '\\' || **from == '\0')
            return false;
        *(*to)++ = **from;
    }
    return true;
}

static bool unquote_single(const char **from, char **to)
{
    for ((*from)++; **from != '\''; (*from)++) {
        if (**from == '\0')
            return false;
        *(*to)++ = **from;
    }
    return true;
}

bool settings_unquote(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        if (from[0] == '$' && from[1] == '\'') {
            if (!unquote_dollar(&from, &to))
                return false;
        } else if (*from == '\'') {
            if (!unquote_single(&from, &to))
                return false;
        } else {
            if (*from == '\\' && *++from == '\0')
                return false;
            *to++ = *from;
        }
    }
    *to = '\0';
    return true;
}

static bool line_take(struct settings *settings, char *line, struct error *error)
{
    char *value = strchr(line, '=');
    if (line[0] == '\0' || line[0] == '#')
        return true;
    if (value == NULL)
        return error_set(error, ERROR_REJECT, "%.200s: a line is not NAME=VALUE", settings->path);
    *value++ = '\0';
    for (size_t i = 0; i < VARIABLE_COUNT; i++) {
        if (strcmp(line, variables[i].name) != 0)
            continue;
        if (!settings_unquote(value))
            return error_set(error, ERROR_REJECT, "%.160s: the value of %s is no word of the shell",
                             settings->path, line);
        *variable_of(settings, i) = value;
    }
    return true;
}

static bool file_load(struct settings *settings, struct error *error)
{
    FILE *file = fopen(settings->path, "re");
    if (file == NULL)
        return error_set(error, ERROR_REJECT, "%.160s: %s; ./run --detach writes such a file",
                         settings->path, strerror(errno));
    settings->text = memory_alloc(1, FILE_BYTES_MAX + 1);
    size_t length = fread(settings->text, 1, FILE_BYTES_MAX, file);
    bool is_read = ferror(file) == 0 && feof(file) != 0;
    fclose(file);
    if (!is_read)
        return error_set(error, ERROR_REJECT, "%.160s cannot be read, or is larger than %d bytes",
                         settings->path, FILE_BYTES_MAX);
    settings->text[length] = '\0';
    char *rest = settings->text;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
        if (!line_take(settings, line, error))
            return false;
    return true;
}

/* True when there is one; settings->path names it. */
static bool file_find(struct settings *settings)
{
    const char *given = getenv("ROUNDTRIP_ENV");
    if (given != NULL && given[0] != '\0')
        return snprintf(settings->path, sizeof settings->path, "%s", given) <
               (int)sizeof settings->path;
    char folder[SETTINGS_PATH_SIZE - sizeof FILE_IN_TREE];
    if (getcwd(folder, sizeof folder) == NULL || folder[0] != '/')
        return false;
    for (;;) {
        snprintf(settings->path, sizeof settings->path, "%s/" FILE_IN_TREE, folder);
        if (access(settings->path, R_OK) == 0)
            return true;
        if (folder[0] == '\0')
            break;
        *strrchr(folder, '/') = '\0';
    }
    settings->path[0] = '\0';
    return false;
}

bool settings_read(struct settings *settings, struct error *error)
{
    memset(settings, 0, sizeof *settings);
    for (size_t i = 0; i < VARIABLE_COUNT; i++)
        *variable_of(settings, i) = variables[i].default_value;
    if (file_find(settings) && !file_load(settings, error))
        return false;
    for (size_t i = 0; i < VARIABLE_COUNT; i++) {
        const char *value = getenv(variables[i].name);
        if (value != NULL && value[0] != '\0')
            *variable_of(settings, i) = value;
    }
    return true;
}

void settings_done(struct settings *settings)
{
    free(settings->text);
    settings->text = NULL;
}
