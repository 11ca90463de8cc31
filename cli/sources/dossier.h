/* dossier.h - all that is known of one booking: what the gateway answers, and what the gateway, the
 * booking and the payment service have stored. One thread. */
#pragma once

#include "booking/booking.h"
#include "cli/sources/cli.h"
#include "cli/sources/records.h"
#include "gateway/gateway.h"
#include "payment/payment.h"

#include <cJSON.h>

#define DOSSIER_PAYMENTS_MAX (2 * BOOKING_PAYMENTS_MAX) /* the booking's, and those beyond it */
#define DOSSIER_NOTES_MAX    (SERVICES_MAX + 1)         /* each store, and the gateway */

struct dossier_payment {
    char id[IDENT_SIZE];
    const struct document *document;              /* state: struct payment; NULL = not readable */
    const struct booking_payment *in_the_booking; /* NULL = the booking does not list it */
};

/* What a service has stored of the booking of which no more is known here, see records_is_other. */
struct dossier_other {
    const struct service_description *service;
    const struct document *document;
    const char *state; /* its name */
};

struct dossier {
    struct arena arena; /* holds the documents */
    char booking_id[IDENT_SIZE];
    char trace_id[33];
    bool is_seen;                   /* the gateway knows it */
    struct gateway_view seen;       /* as a client sees it */
    const struct document *gateway; /* state: struct gateway_view */
    const struct document *booking; /* state: struct booking */
    struct dossier_payment payments[DOSSIER_PAYMENTS_MAX];
    size_t payment_count;
    struct dossier_other others[SERVICES_MAX]; /* that have a document */
    size_t other_count;
    char notes[DOSSIER_NOTES_MAX][ERROR_MESSAGE_BYTES]; /* what could not be asked */
    size_t note_count;
};

/* EXIT_NOT_FOUND: nobody knows it, the gateway included. EXIT_UNAVAILABLE: the gateway does not
 * answer, and no store that could be read has it. Both are said to the user. Ended by dossier_done
 * in every case. */
/* What has the id "." or ".." is looked for in the stores only: no URL can name it. */
MUST_CHECK enum exit_status dossier_read(const struct cli *cli, struct records *records,
                                         const char *booking_id, struct dossier *dossier);
void dossier_done(struct dossier *dossier);

const struct booking *dossier_booking(const struct dossier *dossier); /* NULL = unknown */
const struct payment *dossier_payment_state(const struct dossier_payment *payment); /* or NULL */
/* The state that counts: the booking service's, else what the gateway shows. */
const char *dossier_state(const struct dossier *dossier);
/* Nothing more is to come: an outcome that the gateway has heard, and all money where it belongs.
 */
bool dossier_is_over(const struct dossier *dossier);

/* The gateway's JSON answer as its view; false when it is none. Pure. */
MUST_CHECK bool dossier_view_read(const cJSON *json, struct gateway_view *ret_view);
