/* dossier.c - asks the gateway, reads the three stores, and goes on with what it has when some of
 * them do not answer. */
#include "cli/sources/dossier.h"

#include "booking/service.h"
#include "cli/screen/complain.h"
#include "cli/sources/fetch.h"
#include "gateway/service.h"
#include "payment/service.h"
#include "tracing/tracing.h"

#include <stdarg.h>
#include <string.h>

static void note_add(struct dossier *dossier, const char *format, ...) PRINTF_LIKE(2, 3);
static void note_add(struct dossier *dossier, const char *format, ...)
{
    va_list values;
    if (dossier->note_count == DOSSIER_NOTES_MAX)
        return;
    va_start(values, format);
    vsnprintf(dossier->notes[dossier->note_count++], ERROR_MESSAGE_BYTES, format, values);
    va_end(values);
}

/* True: it answered, be it that it knows of no such booking. */
static bool gateway_ask(const struct cli *cli, struct dossier *dossier)
{
    if (ident_is_dots(dossier->booking_id)) {
        note_add(dossier, "the gateway cannot be asked: in a URL \"%s\" is no name",
                 dossier->booking_id);
        return false;
    }
    char path[IDENT_SIZE + 16];
    snprintf(path, sizeof path, "/booking/%s", dossier->booking_id);
    const struct question question = { .service = &gateway_service, .method = "GET", .path = path };
    CLEANUP(json_free) cJSON *json = NULL;
    int status = 0;
    if (fetch_any(cli, &question, &status, &json) != EXIT_OK)
        return false;
    if (status == 404)
        return true;
    if (status != 200 || !dossier_view_read(json, &dossier->seen)) {
        note_add(dossier, "the gateway answers %d; roundtrip doctor says why", status);
        return false;
    }
    dossier->is_seen = true;
    return true;
}

static bool document_get(struct records *records, const struct service_description *service,
                         const char *id, struct dossier *dossier,
                         const struct document **ret_document)
{
    struct document *document = NULL;
    struct error error;
    bool is_read = records_load(records, service, id, &dossier->arena, &document, &error);
    if (!is_read)
        note_add(dossier, "the store of %s cannot be read: %s", service->name, error.message);
    *ret_document = document;
    return is_read;
}

static struct dossier_payment *payment_add(struct dossier *dossier, const char *id)
{
    if (id[0] == '\0')
        return NULL;
    for (size_t i = 0; i < dossier->payment_count; i++)
        if (strcmp(dossier->payments[i].id, id) == 0)
            return &dossier->payments[i];
    if (dossier->payment_count == DOSSIER_PAYMENTS_MAX)
        return NULL;
    struct dossier_payment *payment = &dossier->payments[dossier->payment_count++];
    memset(payment, 0, sizeof *payment);
    snprintf(payment->id, sizeof payment->id, "%s", id);
    return payment;
}

static void payments_find(struct dossier *dossier)
{
    const struct booking *booking = dossier_booking(dossier);
    for (int32_t i = 0; booking != NULL && i < booking->payment_count; i++) {
        struct dossier_payment *payment = payment_add(dossier, booking->payments[i].payment_id);
        if (payment != NULL)
            payment->in_the_booking = &booking->payments[i];
    }
    payment_add(dossier, dossier->seen.end.payment_id);
    for (int64_t i = 0; i < dossier->seen.refund_count; i++)
        payment_add(dossier, dossier->seen.refunds[i].payment.payment_id);
}

static void payments_read(struct records *records, struct dossier *dossier)
{
    for (size_t i = 0; i < dossier->payment_count; i++)
        if (!document_get(records, &payment_service, dossier->payments[i].id, dossier,
                          &dossier->payments[i].document))
            return;
}

static void others_read(struct records *records, struct dossier *dossier)
{
    for (size_t i = 0; services[i] != NULL; i++) {
        struct dossier_other other = { .service = services[i] };
        if (records_is_other(services[i]) &&
            document_get(records, services[i], dossier->booking_id, dossier, &other.document) &&
            other.document != NULL) {
            other.state = participant_state_name(records_reader(records, other.service),
                                                 other.document->state);
            dossier->others[dossier->other_count++] = other;
        }
    }
}

enum exit_status dossier_read(const struct cli *cli, struct records *records,
                              const char *booking_id, struct dossier *dossier)
{
    memset(dossier, 0, sizeof *dossier);
    snprintf(dossier->booking_id, sizeof dossier->booking_id, "%s", booking_id);
    tracing_booking_trace_hex(booking_id, dossier->trace_id);
    bool is_answered = gateway_ask(cli, dossier);
    bool is_read = document_get(records, &gateway_service, booking_id, dossier, &dossier->gateway);
    is_read =
        document_get(records, &booking_service, booking_id, dossier, &dossier->booking) && is_read;
    if (!is_answered && dossier->gateway != NULL) {
        memcpy(&dossier->seen, dossier->gateway->state, sizeof dossier->seen);
        dossier->is_seen = dossier->seen.booking_id[0] != '\0';
    }
    payments_find(dossier);
    payments_read(records, dossier);
    others_read(records, dossier);
    if (dossier->is_seen || dossier->booking != NULL)
        return EXIT_OK;
    bool is_nameless = ident_is_dots(booking_id); /* then its documents are all there is */
    if (is_nameless ? !is_read : !is_answered) {
        complain("it is not known whether there is a booking %s, as the %s: roundtrip doctor says "
                 "why",
                 booking_id, is_nameless ? "stores cannot be read" : "gateway does not say");
        return EXIT_UNAVAILABLE;
    }
    complain("nothing is known of booking %s: roundtrip list shows those there are", booking_id);
    return EXIT_NOT_FOUND;
}

void dossier_done(struct dossier *dossier)
{
    arena_done(&dossier->arena);
}

const struct booking *dossier_booking(const struct dossier *dossier)
{
    return dossier->booking != NULL ? dossier->booking->state : NULL;
}

const struct payment *dossier_payment_state(const struct dossier_payment *payment)
{
    return payment->document != NULL ? payment->document->state : NULL;
}

const char *dossier_state(const struct dossier *dossier)
{
    const struct booking *booking = dossier_booking(dossier);
    return booking != NULL ? booking_state_text(booking->state)
                           : gateway_state_text(gateway_state(&dossier->seen));
}

static bool payment_is_over(const struct payment *payment)
{
    return payment == NULL ||
           (payment->state != PAYMENT_CAPTURED && payment->state != PAYMENT_REFUND_DUE &&
            payment->state != PAYMENT_REFUNDING);
}

bool dossier_is_over(const struct dossier *dossier)
{
    const struct booking *booking = dossier_booking(dossier);
    if (booking != NULL && !booking_state_is_outcome(booking->state))
        return false;
    if (!dossier->is_seen || !gateway_is_complete(&dossier->seen))
        return false;
    if (booking != NULL && strcmp(booking_state_text(booking->state),
                                  gateway_state_text(gateway_state(&dossier->seen))) != 0)
        return false;
    for (size_t i = 0; i < dossier->payment_count; i++)
        if (!payment_is_over(dossier_payment_state(&dossier->payments[i])))
            return false;
    for (size_t i = 0; i < dossier->other_count; i++) {
        const struct participant reader = dossier->others[i].service->participant(NULL);
        if (participant_due_at_ms(&reader, dossier->others[i].document->state) != 0)
            return false;
    }
    return true;
}
