/* replay.c - roundtrip replay: decides stored histories once more, with the rules of this build. */
#include "booking/service.h"
#include "cli/commands/command.h"
#include "cli/commands/replay_print.h"
#include "cli/sources/records.h"
#include "gateway/service.h"
#include "payment/service.h"
#include "replay/replay_line_codec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct replay_options {
    const char *output;
    const char *booking_id;
    const char *path;
    bool is_all, is_export;
};

static const struct argument replay_arguments[] = {
    ARGUMENT(IDENT, replay_options, booking_id, "BOOKING",
             "one booking, with its view at the gateway and its payments"),
    ARGUMENT(FLAG, replay_options, is_all, "--all", "every document of all stores"),
    ARGUMENT(FLAG, replay_options, is_export, "--export",
             "replay nothing: print every document, one a line"),
    ARGUMENT(TEXT, replay_options, path, "--against",
             "every document of a file that --export has written (- is stdin)"),
    OUTPUT_ARGUMENT(struct replay_options),
    { 0 },
};

struct session {
    struct cli *cli;
    struct replayer *replayer;
    struct replay_report report;
    int64_t taken;        /* documents that were replayed, or exported */
    struct arena page;    /* documents as they are stored */
    struct arena scratch; /* of one document */
};

static void record_take(struct session *session, const struct service_description *service,
                        const struct record *record)
{
    struct replay_finding finding;
    session->taken++;
    arena_clear(&session->scratch);
    replay_record(session->replayer, service, record, &session->scratch, &finding);
    replay_report_add(&session->report, service, record->id, &finding);
}

/* ---- one booking ---- */

/* False: it could not be read, which is said. */
static bool one_take(struct session *session, struct records *records,
                     const struct service_description *service, const char *id,
                     struct record *ret_record)
{
    struct error error;
    if (!records_load_raw(records, service, id, &session->page, ret_record, &error)) {
        complain("the store of %s cannot be read: %s; roundtrip doctor says more", service->name,
                 error.message);
        return false;
    }
    if (ret_record->version > 0)
        record_take(session, service, ret_record);
    return true;
}

static enum exit_status booking_replay(struct session *session, struct records *records,
                                       const char *id)
{
    struct record booking_record;
    struct record record;
    struct error error;
    struct booking booking = { 0 };
    if (!one_take(session, records, &booking_service, id, &booking_record) ||
        !one_take(session, records, &gateway_service, id, &record))
        return EXIT_UNAVAILABLE;
    if (booking_record.version == 0 && record.version == 0) {
        complain("there is no booking %s; roundtrip list shows the newest", id);
        return EXIT_NOT_FOUND;
    }
    for (size_t i = 0; services[i] != NULL; i++)
        if (records_is_other(services[i]) && !one_take(session, records, services[i], id, &record))
            return EXIT_UNAVAILABLE;
    if (booking_record.version == 0 ||
        !document_state_decode(records_reader(records, &booking_service), &booking_record, &booking,
                               &error))
        return EXIT_OK; /* no payment is known, or the report says why it cannot be read */
    for (int32_t i = 0; i < booking.payment_count; i++)
        if (!one_take(session, records, &payment_service, booking.payments[i].payment_id, &record))
            return EXIT_UNAVAILABLE;
    return EXIT_OK;
}

/* ---- all of them ---- */

static bool each_replay(void *self, const struct service_description *service,
                        const struct record *record)
{
    struct session *session = self;
    record_take(session, service, record);
    return !*session->cli->is_stopped;
}

static bool each_export(void *self, const struct service_description *service,
                        const struct record *record)
{
    struct session *session = self;
    const char *line = NULL;
    arena_clear(&session->scratch);
    if (replay_line_encode(service, record, &session->scratch, &line)) {
        fprintf(session->cli->out, "%s\n", line);
        session->taken++;
    } else {
        complain("the document of %s %s is damaged", service->name, record->id);
    }
    return !*session->cli->is_stopped && ferror(session->cli->out) == 0;
}

static enum exit_status stores_walk(struct session *session, struct records *records,
                                    bool (*each)(void *self,
                                                 const struct service_description *service,
                                                 const struct record *record))
{
    enum exit_status status = EXIT_OK;
    for (size_t i = 0; services[i] != NULL && !*session->cli->is_stopped; i++) {
        const struct service_description *service = services[i];
        struct error error;
        if (service->participant == NULL ||
            records_each(records, service, &session->page, each, session, &error))
            continue;
        complain("the store of %s cannot be read: %s; roundtrip doctor says more", service->name,
                 error.message);
        status = EXIT_UNAVAILABLE;
    }
    return status;
}

/* ---- a file ---- */

/* What its lines say of how many documents the file has; several exports may stand in it. */
struct file_counts {
    int64_t said;
    bool is_last; /* the last line says it */
};

/* Of nothing all are equal: an export that went wrong, or was cut, must not pass for a release that
 * decides as the one before. */
static enum exit_status whole_check(const struct session *session, const char *path,
                                    const struct file_counts *counts)
{
    if (*session->cli->is_stopped)
        return EXIT_OK;
    if (session->taken == 0) {
        complain("%s holds no document; make it again with roundtrip replay --export", path);
        return EXIT_USAGE;
    }
    if (counts->is_last && counts->said == session->taken)
        return EXIT_OK;
    if (counts->said == 0 && !counts->is_last) {
        complain("%s does not end with the number of its documents: it was cut, or is of a release "
                 "that did not write it",
                 path);
        return EXIT_OK;
    }
    complain("%s was cut or altered: it has %" PRId64 " documents, and counts %" PRId64
             "%s; make it again with roundtrip replay --export",
             path, session->taken, counts->said, counts->is_last ? "" : " before its end");
    return EXIT_USAGE;
}

static enum exit_status lines_replay(struct session *session, FILE *file, const char *path)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    struct file_counts counts = { 0 };
    enum exit_status status = EXIT_OK;
    for (int64_t number = 1;
         !*session->cli->is_stopped && (length = getline(&line, &room, file)) > 0; number++) {
        const struct service_description *service;
        struct record record;
        struct error error;
        int64_t count;
        counts.is_last = replay_line_decode_count(line, (size_t)length, &count);
        if (counts.is_last) {
            counts.said += count;
            continue;
        }
        arena_clear(&session->page);
        if (replay_line_decode(line, (size_t)length, &session->page, &service, &record, &error)) {
            record_take(session, service, &record);
            continue;
        }
        complain("%s:%" PRId64 ": %s; roundtrip replay --export writes such lines", path, number,
                 error.message);
        status = EXIT_USAGE;
        break;
    }
    free(line);
    if (ferror(file) == 0)
        return status == EXIT_OK ? whole_check(session, path, &counts) : status;
    complain("%s cannot be read: %s", path, strerror(errno));
    return EXIT_USAGE;
}

static enum exit_status file_replay(struct session *session, const char *path)
{
    if (strcmp(path, "-") == 0)
        return lines_replay(session, stdin, "stdin");
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        complain("%s cannot be opened: %s", path, strerror(errno));
        return EXIT_USAGE;
    }
    enum exit_status status = lines_replay(session, file, path);
    fclose(file);
    return status;
}

/* ---- the command ---- */

static enum exit_status stores_replay(struct session *session, const struct replay_options *options)
{
    struct records records;
    enum exit_status status;
    records_open(&records, &session->cli->settings);
    if (options->booking_id != NULL)
        status = booking_replay(session, &records, options->booking_id);
    else
        status = stores_walk(session, &records, options->is_export ? each_export : each_replay);
    if (options->is_export && status == EXIT_OK && !*session->cli->is_stopped)
        fprintf(session->cli->out, "%s\n",
                replay_line_encode_count(session->taken, &session->scratch));
    records_close(&records);
    return status;
}

static enum exit_status replay_run(struct cli *cli, const void *self)
{
    const struct replay_options *options = self;
    int wanted = (options->booking_id != NULL) + options->is_all + options->is_export +
                 (options->path != NULL);
    if (wanted != 1) {
        complain("say one of BOOKING, --all, --export and --against FILE");
        return EXIT_USAGE;
    }
    struct session session = { .cli = cli, .replayer = replayer_new() };
    replay_report_start(&session.report, cli, options->output, options->booking_id == NULL);
    enum exit_status status = options->path != NULL ? file_replay(&session, options->path)
                                                    : stores_replay(&session, options);
    bool is_refused = status == EXIT_USAGE && session.taken == 0;
    if (options->is_export || status == EXIT_NOT_FOUND || is_refused) {
        cJSON_Delete(session.report.findings);
    } else {
        enum exit_status found = replay_report_end(&session.report);
        if (status == EXIT_OK)
            status = found;
    }
    arena_done(&session.page);
    arena_done(&session.scratch);
    replayer_free(session.replayer);
    return *cli->is_stopped ? EXIT_WRONG : status;
}

const struct command command_replay = {
    .name = "replay",
    .summary = "decides a booking's history once more, and compares",
    .details =
        "A decision follows from the state, the input and the time alone. So what a service has\n"
        "stored can be decided again from its history, by the rules of this build, and must come\n"
        "to the same states, verdicts, payments and messages. What differs was decided by other\n"
        "rules, or altered since.\n\n"
        "  roundtrip replay trip-1             one booking, its view and its payments\n"
        "  roundtrip replay --all              all documents of the system as it runs\n"
        "  roundtrip replay --export > FILE    with the old release; then, with the new one:\n"
        "  roundtrip replay --against FILE     does it decide differently?\n\n"
        "Exit status: 0 all are equal; 1 one differs or cannot be replayed, which is said with\n"
        "the reason; 2 there is no such booking; 64 FILE cannot be read, was cut, or holds no "
        "document.\n",
    .arguments = replay_arguments,
    .options_size = sizeof(struct replay_options),
    .run = replay_run,
};
