/* settings.c - the variables with their defaults, three for each service, and the reader of
 * var/run/env, which undoes a shell's quoting. */
#include "cli/sources/settings.h"

#include "common/base/memory.h"
#include "common/daemon/daemon_options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES_MAX 65536
#define FILE_IN_TREE   "var/run/env"

struct variable {
    char name[SETTINGS_NAME_SIZE];
    const char **value; /* in the settings */
};

#define VARIABLES_OF_ALL     6
#define VARIABLES_OF_SERVICE 3
#define VARIABLES_MAX        (VARIABLES_OF_ALL + SERVICES_MAX * VARIABLES_OF_SERVICE)

static void name_make(char ret_name[SETTINGS_NAME_SIZE], const char *before,
                      const struct service_description *service, const char *after)
{
    int length =
        snprintf(ret_name, SETTINGS_NAME_SIZE, "ROUNDTRIP_%s%s%s", before, service->name, after);
    assert(length < SETTINGS_NAME_SIZE);
    for (char *at = ret_name; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
}

void settings_store_variable(const struct service_description *service,
                             char ret_name[SETTINGS_NAME_SIZE])
{
    name_make(ret_name, "STORE_", service, "");
}

const struct settings_place *settings_place(const struct settings *settings,
                                            const struct service_description *service)
{
    return &settings->places[service_index(service)];
}

static size_t variables_list(struct settings *settings,
                             struct variable ret_variables[VARIABLES_MAX])
{
    const struct variable of_all[VARIABLES_OF_ALL] = {
        { "ROUNDTRIP_AMQP_URL", &settings->amqp_url },
        { "ROUNDTRIP_MANAGEMENT_URL", &settings->management_url },
        { "ROUNDTRIP_WEBHOOK_SECRET", &settings->webhook_secret },
        { "ROUNDTRIP_JAEGER_URL", &settings->jaeger_url },
        { "ROUNDTRIP_TRACE_FILE", &settings->trace_file },
        { "ROUNDTRIP_RUN_DIR", &settings->run_dir },
    };
    size_t count = VARIABLES_OF_ALL;
    memcpy(ret_variables, of_all, sizeof of_all);
    for (size_t i = 0; services[i] != NULL; i++) {
        struct settings_place *place = &settings->places[i];
        name_make(ret_variables[count].name, "", services[i], "_URL");
        ret_variables[count++].value = &place->url;
        name_make(ret_variables[count].name, "", services[i], "_OPS_URL");
        ret_variables[count++].value = &place->ops_url;
        settings_store_variable(services[i], ret_variables[count].name);
        ret_variables[count++].value = &place->store;
    }
    return count;
}

static void defaults_set(struct settings *settings, const struct variable *variables, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *variables[i].value = "";
    settings->amqp_url = "amqp://guest:guest@127.0.0.1:5672/";
    for (size_t i = 0; services[i] != NULL; i++) {
        struct settings_place *place = &settings->places[i];
        int64_t ops_port = daemon_default_ops_port(services[i]);
        snprintf(place->default_url, sizeof place->default_url, "http://127.0.0.1:%" PRId64,
                 service_default_port(services[i]));
        snprintf(place->default_ops_url, sizeof place->default_ops_url, "http://127.0.0.1:%" PRId64,
                 ops_port);
        place->url = place->default_url;
        place->ops_url = ops_port != 0 ? place->default_ops_url : "";
    }
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
    struct variable variables[VARIABLES_MAX];
    size_t count = variables_list(settings, variables);
    char *value = strchr(line, '=');
    if (line[0] == '\0' || line[0] == '#')
        return true;
    if (value == NULL)
        return error_set(error, ERROR_REJECT, "%.200s: a line is not NAME=VALUE", settings->path);
    *value++ = '\0';
    for (size_t i = 0; i < count; i++) {
        if (strcmp(line, variables[i].name) != 0)
            continue;
        if (!settings_unquote(value))
            return error_set(error, ERROR_REJECT, "%.160s: the value of %s is no word of the shell",
                             settings->path, line);
        *variables[i].value = value;
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
    struct variable variables[VARIABLES_MAX];
    size_t count = variables_list(settings, variables);
    defaults_set(settings, variables, count);
    if (file_find(settings) && !file_load(settings, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *value = getenv(variables[i].name);
        if (value != NULL && value[0] != '\0')
            *variables[i].value = value;
    }
    for (size_t i = 0; services[i] != NULL; i++)
        if (settings->places[i].ops_url[0] == '\0')
            settings->places[i].ops_url = settings->places[i].url;
    return true;
}

void settings_done(struct settings *settings)
{
    free(settings->text);
    settings->text = NULL;
}
