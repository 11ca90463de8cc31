/* doctor_bindings.c - is every binding of the table there? AMQP cannot tell: this asks the broker's
 * management interface, or rabbitmqctl where it can be run. */
#include "cli/commands/doctor.h"
#include "cli/screen/json.h"
#include "common/base/memory.h"
#include "common/http/http_client.h"
#include "common/rabbitmq/amqp_bus.h"
#include "events/topology.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX  1048576
#define ANSWER_TIMEOUT_MS 5000
#define URL_SIZE          2048
#define RUN_SUFFIX        "/run"
#define FILE_IN_TREE      "/var/run/env"

/* ---- how the bindings are read --------------------------------------------------------------- */

/* What stands behind the host in amqp://user:password@host:port/vhost; "%2F" for the default. */
static const char *vhost_of(const char *amqp_url)
{
    const char *host = strstr(amqp_url, "://");
    const char *path = host != NULL ? strchr(host + 3, '/') : NULL;
    return path != NULL && path[1] != '\0' ? path + 1 : "%2F";
}

static cJSON *management_ask(const struct settings *settings, struct error *error)
{
    char url[URL_SIZE];
    struct http_reply reply;
    snprintf(url, sizeof url, "%.1000s/api/bindings/%.500s", settings->management_url,
             vhost_of(settings->amqp_url));
    const struct http_call call = { .method = "GET", .url = url, .timeout_ms = ANSWER_TIMEOUT_MS };
    struct http_client *client = http_client_new();
    cJSON *json = NULL;
    if (http_client_call(client, &call, &reply, error)) {
        if (reply.status == 200)
            json = cJSON_ParseWithLength(reply.body, reply.body_length);
        if (json == NULL)
            (void)error_set(error, ERROR_RETRY, "the management interface answers %d",
                            reply.status);
    }
    http_client_free(client);
    return json;
}

/* The output of a program, cut at the bound; "" where it cannot be run. */
static char *output_new(char *const arguments[], bool *ret_is_good)
{
    extern char **environ;
    int ends[2], status = -1;
    size_t length = 0;
    pid_t pid;
    posix_spawn_file_actions_t actions;
    char *text = memory_alloc(1, ANSWER_BYTES_MAX + 1);
    *ret_is_good = false;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return text;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    bool is_run = posix_spawnp(&pid, arguments[0], &actions, NULL, arguments, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    for (ssize_t got = 1; is_run && got > 0 && length < ANSWER_BYTES_MAX;) {
        got = read(ends[0], text + length, ANSWER_BYTES_MAX - length);
        length += got > 0 ? (size_t)got : 0;
    }
    close(ends[0]);
    *ret_is_good = is_run && waitpid(pid, &status, 0) == pid && status == 0;
    return text;
}

/* The script of the tree whose system this is; false: it has no broker of its own. */
static bool script_find(const struct settings *settings, char ret_script[SETTINGS_PATH_SIZE],
                        char ret_folder[SETTINGS_PATH_SIZE])
{
    size_t run = strlen(settings->run_dir), path = strlen(settings->path);
    if (run <= strlen(RUN_SUFFIX) ||
        strcmp(settings->run_dir + run - strlen(RUN_SUFFIX), RUN_SUFFIX) != 0)
        return false;
    snprintf(ret_folder, SETTINGS_PATH_SIZE, "%.*s/rabbitmq", (int)(run - strlen(RUN_SUFFIX)),
             settings->run_dir);
    bool is_in_tree = path > strlen(FILE_IN_TREE) &&
                      strcmp(settings->path + path - strlen(FILE_IN_TREE), FILE_IN_TREE) == 0;
    snprintf(ret_script, SETTINGS_PATH_SIZE, "%.*s%ssystem/servers/rabbitmq",
             is_in_tree ? (int)(path - strlen(FILE_IN_TREE)) : 0, settings->path,
             is_in_tree ? "/" : "");
    return access(ret_folder, X_OK) == 0 && access(ret_script, X_OK) == 0;
}

static cJSON *program_ask(const struct settings *settings, struct error *error)
{
    static char script[SETTINGS_PATH_SIZE], folder[SETTINGS_PATH_SIZE];
    char vhost[URL_SIZE];
    char ctl[] = "rabbitmqctl", verb[] = "ctl", quiet[] = "-q", list[] = "list_bindings",
         at[] = "-p", source[] = "source_name", queue[] = "destination_name", key[] = "routing_key",
         formatter[] = "--formatter", json_word[] = "json";
    const char *named = vhost_of(settings->amqp_url);
    snprintf(vhost, sizeof vhost, "%s", strcasecmp(named, "%2F") == 0 ? "/" : named);
    char *of_tree[] = { script, verb,  folder, quiet,     list,      at,  vhost,
                        source, queue, key,    formatter, json_word, NULL };
    char *of_host[] = {
        ctl, quiet, list, at, vhost, source, queue, key, formatter, json_word, NULL
    };
    bool is_good;
    bool is_own = script_find(settings, script, folder);
    char *text = output_new(is_own ? of_tree : of_host, &is_good);
    cJSON *json = is_good ? cJSON_Parse(text) : NULL;
    free(text);
    if (json == NULL)
        (void)error_set(error, ERROR_RETRY,
                        "AMQP cannot read them, and rabbitmqctl cannot be asked");
    return json;
}

/* ---- what is missing ------------------------------------------------------------------------- */

static bool text_is(const cJSON *row, const char *key, const char *other_key, const char *wanted)
{
    return strcmp(json_text(row, key), wanted) == 0 ||
           strcmp(json_text(row, other_key), wanted) == 0;
}

static bool is_there(const cJSON *rows, const struct topology_binding *binding)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        if (text_is(row, "source", "source_name", TOPOLOGY_EXCHANGE) &&
            text_is(row, "destination", "destination_name", binding->queue) &&
            text_is(row, "routing_key", "routing_key", binding->routing_key))
            return true;
    }
    return false;
}

void doctor_bindings(struct doctor *doctor)
{
    const struct settings *settings = &doctor->cli->settings;
    struct error error = { 0 };
    size_t missing = 0;
    CLEANUP(json_free)
    cJSON *rows = settings->management_url[0] != '\0' ? management_ask(settings, &error)
                                                      : program_ask(settings, &error);
    if (rows == NULL) {
        doctor_report(doctor, FINDING_UNKNOWN, "bindings", error.message,
                      "export ROUNDTRIP_MANAGEMENT_URL=http://user:password@broker:15672, or run "
                      "rabbitmqctl list_bindings on the broker");
        return;
    }
    for (size_t i = 0; i < event_binding_count; i++) {
        if (is_there(rows, &event_bindings[i]))
            continue;
        missing++;
        doctor_reportf(doctor, FINDING_FAIL, "binding",
                       "a service that runs with ROUNDTRIP_TOPOLOGY=declare (the default) binds it "
                       "again within ROUNDTRIP_TOPOLOGY_INTERVAL_MS",
                       "%s is not bound to %s", event_bindings[i].queue,
                       event_bindings[i].routing_key);
    }
    if (missing == 0)
        doctor_reportf(doctor, FINDING_OK, "bindings", NULL, "all %zu are there",
                       event_binding_count);
}
