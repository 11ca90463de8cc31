/* audit_source.h - where an audit reads: the services' stores and the provider's books. Never
 * writes. What cannot be reached is said to the user. One thread.
 *
 * A whole system is read by pages while it goes on working, so the facts of such a reading are of
 * different moments. */
#pragma once

#include "audit/audit_report.h"
#include "cli/sources/cli.h"
#include "cli/sources/records.h"

#include <cJSON.h>

struct http_client;

struct audit_source {
    const struct cli *cli;
    struct records records;
    struct http_client *provider;
    struct arena scratch; /* of one page */
    bool is_verbose;
    int64_t started_ms; /* monotonic */
    int64_t told_ms;    /* the last line of progress */
};

/* False: it is unavailable, and the user knows. Ended by audit_source_close in every case. */
MUST_CHECK bool audit_source_open(struct audit_source *source, const struct cli *cli,
                                  bool is_verbose);
void audit_source_close(struct audit_source *source);

/* All documents of one service. */
MUST_CHECK bool audit_scan_documents(struct audit_source *source,
                                     const struct service_description *service,
                                     struct audit_facts *facts);
/* These; one that is not there is a fact without a version. count <= STORE_CALL_MAX. */
MUST_CHECK bool audit_load_documents(struct audit_source *source,
                                     const struct service_description *service,
                                     const char *const *ids, size_t count,
                                     struct audit_facts *facts);

/* Judges what the services keep of which no more is known here, see records_is_other. */
MUST_CHECK bool audit_others(struct audit_source *source, const struct audit_terms *terms,
                             struct audit_report *report);

/* All accounts of the books, the newest first; those that are opened meanwhile are left out. */
MUST_CHECK bool audit_scan_ledger(struct audit_source *source, struct audit_facts *facts);
MUST_CHECK bool audit_load_account(struct audit_source *source, const char *payment_id,
                                   struct audit_facts *facts);
/* The provider's own sums; to be deleted by cJSON_Delete. */
MUST_CHECK bool audit_load_sums(struct audit_source *source, cJSON **ret_sums);

/* Says that a service's store does not answer. */
void audit_unavailable(const struct service_description *service, const struct error *error);
/* On stderr, after a while and then now and then, where somebody looks. */
void audit_progress(struct audit_source *source, const char *what, size_t count);
