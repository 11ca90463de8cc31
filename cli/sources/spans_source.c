/* spans_source.c - asks Jaeger's HTTP interface where it is set, else searches the trace file line
 * by line. */
#include "cli/sources/spans_source.h"

#include "cli/screen/complain.h"
#include "cli/sources/fetch.h"
#include "common/base/attributes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum exit_status jaeger_read(const struct cli *cli, const char *trace_id,
                                    struct spans *spans)
{
    char path[64];
    snprintf(path, sizeof path, "/api/v3/traces/%s", trace_id);
    const struct question question = { .service = NULL, .method = "GET", .path = path };
    CLEANUP(json_free) cJSON *json = NULL;
    int status = 0;
    enum exit_status result = fetch_any(cli, &question, &status, &json);
    if (result != EXIT_OK)
        return result;
    if (status == 404)
        return EXIT_OK; /* no spans, as in an empty file */
    if (status != 200 || json == NULL) {
        complain("Jaeger answers %d at %s%s", status, cli->settings.jaeger_url, path);
        return EXIT_WRONG;
    }
    spans_take(spans, cJSON_GetObjectItemCaseSensitive(json, "result"), trace_id);
    return EXIT_OK;
}

/* A line of another trace is not even parsed. */
static enum exit_status file_read(const struct cli *cli, const char *trace_id, struct spans *spans)
{
    const char *path = cli->settings.trace_file;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        complain("the trace file %s cannot be read (%s): start the system with ./run, which "
                 "writes it, or set ROUNDTRIP_JAEGER_URL",
                 path, strerror(errno));
        return EXIT_UNAVAILABLE;
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    while ((length = getline(&line, &room, file)) > 0) {
        if (strstr(line, trace_id) == NULL)
            continue;
        cJSON *json = cJSON_ParseWithLength(line, (size_t)length);
        spans_take(spans, json, trace_id);
        cJSON_Delete(json);
    }
    free(line);
    fclose(file);
    return EXIT_OK;
}

enum exit_status spans_load(const struct cli *cli, const char *trace_id, struct spans *spans)
{
    if (cli->settings.jaeger_url[0] != '\0')
        return jaeger_read(cli, trace_id, spans);
    if (cli->settings.trace_file[0] != '\0')
        return file_read(cli, trace_id, spans);
    complain("neither ROUNDTRIP_JAEGER_URL nor ROUNDTRIP_TRACE_FILE is set: start the system with "
             "./run, which sets one of them in var/run/env");
    return EXIT_UNAVAILABLE;
}

/* Of what is flawed anyway Jaeger says so once more at each child. */
static bool is_about_a_parent(const cJSON *warning)
{
    const char *text = cJSON_IsString(warning) ? warning->valuestring : "";
    return strncmp(text, "invalid parent span IDs", strlen("invalid parent span IDs")) == 0;
}

int64_t spans_warnings(const struct cli *cli, const char *trace_id)
{
    char path[64];
    int status = 0;
    int64_t count = 0;
    const cJSON *span;
    const cJSON *warning;
    CLEANUP(json_free) cJSON *json = NULL;
    if (cli->settings.jaeger_url[0] == '\0')
        return 0;
    snprintf(path, sizeof path, "/api/traces/%s", trace_id);
    const struct question question = { .service = NULL, .method = "GET", .path = path };
    if (fetch_any(cli, &question, &status, &json) != EXIT_OK || status != 200)
        return 0; /* this form is gone after 2.20 */
    const cJSON *trace = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "data"), 0);
    cJSON_ArrayForEach(span, cJSON_GetObjectItemCaseSensitive(trace, "spans"))
    {
        cJSON_ArrayForEach(warning, cJSON_GetObjectItemCaseSensitive(span, "warnings")) count +=
            !is_about_a_parent(warning);
    }
    return count;
}
