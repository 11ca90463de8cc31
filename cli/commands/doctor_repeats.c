/* doctor_repeats.c - what is announced again and again and not answered: a binding or a queue may
 * be lost, or a service behind. Of the newest documents, for a store may hold millions. A booking
 * whose outcome is known, and whose refund takes its time, is answered each time it is asked for.
 */
#include "cli/commands/doctor.h"
#include "cli/sources/records.h"
#include "gateway/gateway.h"
#include "gateway/service.h"
#include "payment/payment.h"
#include "payment/service.h"

#include <inttypes.h>
#include <string.h>

#define LOOKED_AT_MAX 2000 /* of each store */
#define REPEATS_NOTED 2 /* so many unanswered ones may be: a booking that waits for its payment */
#define REPEATS_WRONG 5 /* half an hour with the usual settings: longer than any answer takes */
#define NAMED_MAX     5
#define SUBJECT_SIZE  48
#define NAMES_SIZE    (NAMED_MAX * (IDENT_SIZE + 2))

struct look {
    struct records *records;
    struct arena arena;
    size_t looked_at, noted, wrong, refunds_awaited;
    char names[NAMES_SIZE];
};

static int64_t repeats_of(const struct service_description *service,
                          const struct document *document)
{
    if (service == &gateway_service) {
        const struct gateway_view *view = document->state;
        return view->due_at_ms != 0 ? view->repeat_count : 0;
    }
    const struct payment *payment = document->state;
    return payment->state == PAYMENT_CAPTURED ? payment->repeat_count : 0;
}

/* Also if that cannot be told from here: then nobody is accused. */
static bool refund_is_under_way(struct look *look, const char *payment_id)
{
    struct document *document;
    struct error error;
    if (!records_load(look->records, &payment_service, payment_id, &look->arena, &document, &error))
        return true;
    if (document == NULL)
        return false;
    const struct payment *payment = document->state;
    return payment->state == PAYMENT_REFUND_DUE || payment->state == PAYMENT_REFUNDING;
}

/* The outcome is known, and all that is missing is under way: a repeat brings nothing new. */
static bool only_refunds_are_awaited(struct look *look, const struct gateway_view *view)
{
    if (!gateway_is_settled(view))
        return false;
    for (int64_t i = 0; i < view->refund_count; i++)
        if (view->refunds[i].status == GATEWAY_STATUS_WAITING &&
            !refund_is_under_way(look, view->refunds[i].payment.payment_id))
            return false;
    return true;
}

static void name_add(struct look *look, const char *id)
{
    size_t length = strlen(look->names);
    if (look->noted <= NAMED_MAX)
        snprintf(look->names + length, sizeof look->names - length, "%s%s", length > 0 ? ", " : "",
                 id);
}

static bool document_look(void *self, const struct service_description *service,
                          const struct record *record)
{
    struct look *look = self;
    struct error error;
    arena_clear(&look->arena);
    const struct participant *reader = records_reader(look->records, service);
    struct document *document = document_new(&look->arena, reader, record->id);
    if (document_decode(document, reader, record, &look->arena, &error)) {
        int64_t repeats = repeats_of(service, document);
        if (repeats >= REPEATS_NOTED && service == &gateway_service &&
            only_refunds_are_awaited(look, document->state)) {
            look->refunds_awaited++;
        } else if (repeats >= REPEATS_NOTED) {
            look->noted++;
            look->wrong += repeats >= REPEATS_WRONG;
            name_add(look, record->id);
        }
    }
    return ++look->looked_at < LOOKED_AT_MAX;
}

static void store_look(struct doctor *doctor, struct records *records,
                       const struct service_description *service)
{
    struct look look = { .records = records };
    struct arena pages = { 0 };
    struct error error;
    char subject[SUBJECT_SIZE];
    snprintf(subject, sizeof subject, "repeats of %s", service->name);
    if (!records_each(records, service, &pages, document_look, &look, &error))
        doctor_report(doctor, FINDING_UNKNOWN, subject, error.message, NULL);
    else if (look.noted == 0 && look.refunds_awaited > 0)
        doctor_reportf(doctor, FINDING_OK, subject, NULL,
                       "none is unanswered among %zu; %zu decided, waiting for refunds",
                       look.looked_at, look.refunds_awaited);
    else if (look.noted == 0)
        doctor_reportf(doctor, FINDING_OK, subject, NULL, "none is unanswered among %zu",
                       look.looked_at);
    else
        doctor_reportf(doctor, look.wrong > 0 ? FINDING_FAIL : FINDING_UNKNOWN, subject,
                       "roundtrip show ID tells what it waits for; then see to the queues above",
                       "%zu announced again %d times or more and not answered: %s%s", look.noted,
                       REPEATS_NOTED, look.names, look.noted > NAMED_MAX ? ", ..." : "");
    arena_done(&pages);
    arena_done(&look.arena);
}

void doctor_repeats(struct doctor *doctor)
{
    struct records records;
    records_open(&records, &doctor->cli->settings);
    store_look(doctor, &records, &gateway_service);
    store_look(doctor, &records, &payment_service);
    records_close(&records);
}
