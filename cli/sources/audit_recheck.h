/* audit_recheck.h - looks again at what seemed wrong, at one moment.
 *
 * Versions only grow. So when everything about a payment is read twice, one reading after the
 * other, and no version differs, all of it held together at the moment between the two: a snapshot
 * of several databases that know nothing of each other. Only such a snapshot is judged. One that
 * does not hold still is on its way. What is wrong is looked at some times more, with pauses that
 * are bounded over the whole audit. */
#pragma once

#include "audit/audit_judge.h"
#include "cli/sources/audit_source.h"

struct audit_recheck {
    struct audit_source *source;
    int64_t grace_ms;
    bool trusts_service; /* audit_adopt_captures */
    int pauses;          /* taken before looking once more at what is wrong */
};

/* False: something cannot be reached, and the user knows. `seen` is what the first reading has. On
 * true *ret_facts holds the snapshot, and *ret_found the payment or booking in it; ended by
 * audit_facts_done in every case. */
MUST_CHECK bool audit_recheck_payment(struct audit_recheck *recheck,
                                      const struct audit_payment *seen,
                                      struct audit_facts *ret_facts,
                                      const struct audit_payment **ret_found,
                                      struct audit_opinion *ret_opinion);
MUST_CHECK bool audit_recheck_booking(struct audit_recheck *recheck,
                                      const struct audit_booking *seen,
                                      struct audit_facts *ret_facts,
                                      const struct audit_booking **ret_found,
                                      struct audit_opinion *ret_opinion);

/* Takes the payment service's word for a capture that the provider's books do not have, and for
 * what it was told of its refunds. */
void audit_adopt_captures(struct audit_facts *facts);
