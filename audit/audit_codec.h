/* audit_codec.h - stored documents into facts, read by the names of their fields: a second reading,
 * which knows neither the codecs nor the rules of the services. A document that cannot be read is
 * a fact too: it is marked as damaged; one of a newer release is not read, and marked as that.
 * Pure. */
#pragma once

#include "audit/audit_facts.h"
#include "common/saga/store_port.h"

/* schema_newest: of the forms that the service of this release knows. */
void audit_decode_booking(struct audit_facts *facts, const struct record *record,
                          int64_t schema_newest);
void audit_decode_view(struct audit_facts *facts, const struct record *record,
                       int64_t schema_newest);
void audit_decode_payment(struct audit_facts *facts, const struct record *record,
                          int64_t schema_newest);
