/* doctor.c - roundtrip doctor: is everything there, and what to do about what is not. */
#include "cli/commands/doctor.h"

#include "cli/screen/text.h"
#include "cli/sources/fetch.h"
#include "cli/sources/records.h"
#include "common/base/clock.h"
#include "common/base/memory.h"

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUBJECT_WIDTH  24
#define WAIT_S_DEFAULT 120
#define WAIT_S_MAX     86400
#define BETWEEN_MS     1000 /* two looks */

struct doctor_options {
    const char *output;
    bool is_waiting;
    int64_t timeout_s;
};

static const struct argument doctor_arguments[] = {
    ARGUMENT(FLAG, doctor_options, is_waiting, "--wait",
             "look again until all is well, and tell the last look", .letter = 'w'),
    ARGUMENT(INT, doctor_options, timeout_s, "--timeout",
             "with --wait: the longest wait in seconds (120)", .minimum = 1, .maximum = WAIT_S_MAX),
    OUTPUT_ARGUMENT(struct doctor_options),
    { 0 },
};

void doctor_report(struct doctor *doctor, enum finding finding, const char *subject,
                   const char *found, const char *mend)
{
    static const char *const texts[] = {
        [FINDING_OK] = "ok", [FINDING_FAIL] = "fail", [FINDING_UNKNOWN] = "unknown"
    };
    const struct cli *cli = doctor->cli;
    doctor->failures += finding == FINDING_FAIL;
    if (doctor->is_json) {
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "subject", subject);
        cJSON_AddStringToObject(json, "finding", texts[finding]);
        cJSON_AddStringToObject(json, "found", found);
        if (mend != NULL)
            cJSON_AddStringToObject(json, "mend", mend);
        else
            cJSON_AddNullToObject(json, "mend");
        cJSON_AddItemToArray(doctor->json, json);
        return;
    }
    text_print(cli->out, cli->has_colours, text_state_colour(texts[finding]), "%-8s",
               texts[finding]);
    fprintf(cli->out, "%-*s %s\n", SUBJECT_WIDTH, subject, found);
    if (mend != NULL && finding != FINDING_OK)
        fprintf(cli->out, "%-8s%-*s → %s\n", "", SUBJECT_WIDTH - 2, "", mend);
    fflush(cli->out);
}

void doctor_reportf(struct doctor *doctor, enum finding finding, const char *subject,
                    const char *mend, const char *format, ...)
{
    char found[512];
    va_list values;
    va_start(values, format);
    vsnprintf(found, sizeof found, format, values);
    va_end(values);
    doctor_report(doctor, finding, subject, text_clean(found), mend);
}

void doctor_mend_service(const struct doctor *doctor, const char *service,
                         char ret_mend[DOCTOR_MEND_SIZE])
{
    const char *run_dir = doctor->cli->settings.run_dir;
    size_t length = strlen(run_dir);
    if (length > 4 && strcmp(run_dir + length - 4, "/run") == 0)
        snprintf(ret_mend, DOCTOR_MEND_SIZE,
                 "system/stack service %.*s %s start; its log: %.*s/log/%s.log", (int)length - 4,
                 run_dir, service, (int)length - 4, run_dir, service);
    else
        snprintf(ret_mend, DOCTOR_MEND_SIZE, "./run");
}

static void settings_check(struct doctor *doctor)
{
    const struct settings *settings = &doctor->cli->settings;
    if (settings->path[0] != '\0')
        doctor_report(doctor, FINDING_OK, "addresses", settings->path, NULL);
    else
        doctor_report(doctor, FINDING_UNKNOWN, "addresses",
                      "no var/run/env from here upwards: the environment and the usual ports",
                      "./run --detach, or ROUNDTRIP_ENV=FILE");
}

void doctor_stores(struct doctor *doctor)
{
    struct records records;
    records_open(&records, &doctor->cli->settings);
    for (size_t i = 0; services[i] != NULL; i++) {
        const struct service_description *service = services[i];
        char subject[32];
        char mend[128];
        char variable[SETTINGS_NAME_SIZE];
        struct error error;
        if (service->participant == NULL)
            continue;
        snprintf(subject, sizeof subject, "store of %s", service->name);
        settings_store_variable(service, variable);
        snprintf(mend, sizeof mend, "export %s=..., as in the service's ROUNDTRIP_STORE", variable);
        if (records_ping(&records, service, &error))
            doctor_report(doctor, FINDING_OK, subject, "answers", NULL);
        else if (error.code == ERROR_REJECT && records.stores[i] == NULL)
            doctor_report(doctor, FINDING_UNKNOWN, subject, error.message, mend);
        else
            doctor_report(doctor, FINDING_FAIL, subject, error.message, "./run");
    }
    records_close(&records);
}

void doctor_traces(struct doctor *doctor)
{
    const struct settings *settings = &doctor->cli->settings;
    if (settings->jaeger_url[0] != '\0') {
        const struct question question = { .service = NULL,
                                           .method = "GET",
                                           .path = "/api/v3/services" };
        CLEANUP(json_free) cJSON *json = NULL;
        int status = 0;
        enum exit_status answered = fetch_any(doctor->cli, &question, &status, &json);
        bool is_good = answered == EXIT_OK && status == 200;
        doctor_reportf(doctor, is_good ? FINDING_OK : FINDING_FAIL, "Jaeger",
                       "system/servers/jaeger start DIR", "%s %s", settings->jaeger_url,
                       is_good ? "answers" : "does not answer");
    } else if (settings->trace_file[0] != '\0') {
        bool is_there = access(settings->trace_file, R_OK) == 0;
        doctor_reportf(doctor, is_there ? FINDING_OK : FINDING_FAIL, "trace file",
                       "roundtrip book --user ann --amount 100, then look again", "%s%s",
                       settings->trace_file, is_there ? "" : " is not there");
    } else {
        doctor_report(doctor, FINDING_UNKNOWN, "traces",
                      "neither ROUNDTRIP_JAEGER_URL nor ROUNDTRIP_TRACE_FILE is set", NULL);
    }
}

static void look(struct doctor *doctor)
{
    settings_check(doctor);
    doctor_services(doctor);
    doctor_stores(doctor);
    doctor_repeats(doctor);
    doctor_broker(doctor);
    doctor_traces(doctor);
}

/* Each look writes to a page of its own, of which the last is shown: so what --wait has found to be
 * well is what the user is told, and not another moment. */
static int64_t look_on_page(const struct cli *cli, bool is_json, char **ret_page)
{
    size_t length;
    struct cli page = *cli;
    page.out = memory_check(open_memstream(ret_page, &length));
    struct doctor doctor = { .cli = &page, .is_json = is_json, .json = cJSON_CreateArray() };
    look(&doctor);
    if (is_json) {
        cJSON *json = cJSON_CreateObject();
        cJSON_AddNumberToObject(json, "failures", (double)doctor.failures);
        cJSON_AddItemToObject(json, "findings", doctor.json);
        json_print(page.out, json);
    } else {
        cJSON_Delete(doctor.json);
        if (doctor.failures > 0)
            fprintf(page.out, "\n%" PRId64 " failed\n", doctor.failures);
        else
            fputs("\nall is well\n", page.out);
    }
    fclose(page.out);
    return doctor.failures;
}

static enum exit_status doctor_run(struct cli *cli, const void *self)
{
    const struct doctor_options *options = self;
    int64_t timeout_s = options->timeout_s > 0 ? options->timeout_s : WAIT_S_DEFAULT;
    int64_t until_ms = clock_monotonic_ms() + (options->is_waiting ? timeout_s * 1000 : 0);
    for (;;) {
        char *page = NULL;
        int64_t failures = look_on_page(cli, output_is_json(options->output), &page);
        bool is_last = failures == 0 || clock_monotonic_ms() >= until_ms;
        if (is_last)
            fputs(page, cli->out);
        free(page);
        if (is_last)
            return failures > 0 ? EXIT_WRONG : EXIT_OK;
        poll(NULL, 0, BETWEEN_MS);
    }
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "is everything there? what is not, and the command that mends it",
    .details = "Looks at the services, their clocks and stores, the broker's queues and their "
               "consumers,\ndead letters, what waits for a newer release, and traces. Changes "
               "nothing.\n",
    .arguments = doctor_arguments,
    .options_size = sizeof(struct doctor_options),
    .run = doctor_run,
};
