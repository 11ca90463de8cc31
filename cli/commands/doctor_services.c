/* doctor_services.c - does each service answer, is it ready, and does its clock agree with ours? */
#include "cli/commands/doctor.h"
#include "cli/screen/text.h"
#include "cli/sources/clock_skew.h"
#include "cli/sources/fetch.h"
#include "common/http/http_client.h"

#include <stdlib.h>
#include <string.h>

#define SKEW_MAX_MS      2000 /* webhooks are refused beyond 300 s, timelines read oddly well before */
#define READY_TIMEOUT_MS 5000
#define URL_SIZE         2048

/* "broker: connect: …; store: …", of the checks that do not pass. */
static void failing_checks(const cJSON *json, char *text, size_t size)
{
    const cJSON *check;
    size_t length = 0;
    text[0] = '\0';
    cJSON_ArrayForEach(check, cJSON_GetObjectItemCaseSensitive(json, "checks"))
    {
        if (strcmp(json_text(check, "status"), "pass") == 0 || length >= size)
            continue;
        int added = snprintf(text + length, size - length, "%s%s: %s", length > 0 ? "; " : "",
                             check->string, json_text(check, "detail"));
        length += added > 0 ? (size_t)added : 0;
    }
}

static void skew_check(struct doctor *doctor, const char *service, const char *url)
{
    char subject[32];
    char text[TEXT_DURATION_SIZE];
    struct error error;
    int64_t skew_ms;
    snprintf(subject, sizeof subject, "clock of %s", service);
    if (!clock_skew_ask(url, &skew_ms, &error)) {
        doctor_report(doctor, FINDING_UNKNOWN, subject, error.message, NULL);
        return;
    }
    bool is_good = llabs(skew_ms) <= SKEW_MAX_MS;
    text_duration(llabs(skew_ms), text);
    if (is_good)
        doctor_report(doctor, FINDING_OK, subject, "agrees with ours", NULL);
    else
        doctor_reportf(doctor, FINDING_FAIL, subject, "on both machines: timedatectl set-ntp true",
                       "%s %s ours", text, skew_ms > 0 ? "ahead of" : "behind");
}

static void service_check(struct doctor *doctor, const struct service_description *service)
{
    const char *name = service->name;
    const struct settings_place *place = settings_place(&doctor->cli->settings, service);
    char url[URL_SIZE];
    char mend[DOCTOR_MEND_SIZE];
    char failing[256];
    struct error error;
    struct http_reply reply;
    snprintf(url, sizeof url, "%.2000s/readyz", place->ops_url);
    doctor_mend_service(doctor, name, mend);
    const struct http_call call = { .method = "GET", .url = url, .timeout_ms = READY_TIMEOUT_MS };
    struct http_client *client = http_client_new();
    if (!http_client_call(client, &call, &reply, &error)) {
        doctor_reportf(doctor, FINDING_FAIL, name, mend, "does not answer at %s: %s", url,
                       error.message);
    } else if (reply.status == 200) {
        doctor_reportf(doctor, FINDING_OK, name, NULL, "ready at %s", place->url);
        skew_check(doctor, name, url);
    } else {
        CLEANUP(json_free) cJSON *json = cJSON_ParseWithLength(reply.body, reply.body_length);
        failing_checks(json, failing, sizeof failing);
        doctor_reportf(doctor, FINDING_FAIL, name,
                       "it mends itself once what it misses is there: see below",
                       "answers, but is not ready (%d): %s", reply.status, failing);
    }
    http_client_free(client);
}

void doctor_services(struct doctor *doctor)
{
    for (size_t i = 0; services[i] != NULL; i++)
        service_check(doctor, services[i]);
}
