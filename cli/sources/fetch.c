/* fetch.c - the services' addresses, the call, and what the user is told of a refusal: the
 * problem's detail, the exit status. */
#include "cli/sources/fetch.h"

#include "cli/screen/complain.h"
#include "cli/screen/text.h"
#include "common/base/url.h"
#include "common/http/http_client.h"

#include <string.h>

#define URL_SIZE 2048

static const char *asked_name(const struct question *question)
{
    return question->service != NULL ? question->service->name : "Jaeger";
}

static const char *question_url(const struct cli *cli, const struct question *question)
{
    if (question->service == NULL)
        return cli->settings.jaeger_url;
    const struct settings_place *place = settings_place(&cli->settings, question->service);
    return question->is_ops ? place->ops_url : place->url;
}

static void unavailable(const struct cli *cli, const struct question *question,
                        const struct error *error)
{
    const char *url = question_url(cli, question);
    if (question->service == NULL)
        complain("Jaeger does not answer at %s (%s): start it with system/servers/jaeger start, or "
                 "unset "
                 "ROUNDTRIP_JAEGER_URL to read the trace file",
                 url, error->message);
    else
        complain("the %s does not answer at %s (%s): start the system with ./run, or look with "
                 "roundtrip doctor",
                 asked_name(question), url, error->message);
}

static bool call_make(const struct cli *cli, const struct question *question, int *ret_status,
                      cJSON **ret_json, struct error *error)
{
    char url[URL_SIZE];
    if (!url_join(url, sizeof url, question_url(cli, question), question->path))
        return error_set(error, ERROR_REJECT, "its URL is too long");
    const char *headers[] = { "Accept: application/json",
                              question->body != NULL ? "Content-Type: application/json"
                                                     : question->header,
                              question->body != NULL ? question->header : NULL, NULL };
    char *body = question->body != NULL ? cJSON_PrintUnformatted(question->body) : NULL;
    struct http_call call = {
        .method = question->method,
        .url = url,
        .headers = headers,
        .body = body,
        .body_length = body != NULL ? strlen(body) : 0,
        .timeout_ms = question->timeout_ms > 0 ? question->timeout_ms : FETCH_TIMEOUT_MS,
    };
    struct http_reply reply;
    struct http_client *client = http_client_new();
    bool is_answered = http_client_call(client, &call, &reply, error);
    if (is_answered) {
        *ret_status = reply.status;
        *ret_json = cJSON_ParseWithLength(reply.body, reply.body_length);
    }
    http_client_free(client);
    cJSON_free(body);
    return is_answered;
}

enum exit_status fetch_any(const struct cli *cli, const struct question *question, int *ret_status,
                           cJSON **ret_json)
{
    struct error error;
    *ret_json = NULL;
    if (call_make(cli, question, ret_status, ret_json, &error))
        return EXIT_OK;
    unavailable(cli, question, &error);
    return EXIT_UNAVAILABLE;
}

/* Problem details, RFC 9457. */
static void refusal_print(const struct question *question, int status, const cJSON *json)
{
    char detail[512];
    const char *text = json_text(json, "detail");
    const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "errors"), 0);
    if (text[0] == '\0')
        text = json_text(json, "title");
    snprintf(detail, sizeof detail, "%s%s%s%s%s", text[0] != '\0' ? text : "no reason is given",
             first != NULL ? ": " : "", json_text(first, "pointer"), first != NULL ? " " : "",
             json_text(first, "detail"));
    complain("the %s answers %d to %s %s: %s", asked_name(question), status, question->method,
             question->path, text_clean(detail));
}

enum exit_status fetch(const struct cli *cli, const struct question *question, cJSON **ret_json)
{
    int status = 0;
    enum exit_status result = fetch_any(cli, question, &status, ret_json);
    if (result != EXIT_OK)
        return result;
    if (status >= 200 && status < 300 && *ret_json != NULL)
        return EXIT_OK;
    if (status >= 200 && status < 300)
        complain("the %s answers something that is no JSON", asked_name(question));
    else
        refusal_print(question, status, *ret_json);
    cJSON_Delete(*ret_json);
    *ret_json = NULL;
    if (status == 404)
        return EXIT_NOT_FOUND;
    return status == 502 || status == 503 || status == 504 ? EXIT_UNAVAILABLE : EXIT_WRONG;
}
