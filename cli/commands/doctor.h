/* doctor.h - what the doctor looks at. Private to the doctor command. */
#pragma once

#include "cli/commands/command.h"
#include "common/base/attributes.h"

#include <cJSON.h>
#include <stdint.h>

enum finding {
    FINDING_OK,
    FINDING_FAIL,
    FINDING_UNKNOWN, /* it cannot be looked at from here; no failure */
};

struct doctor {
    struct cli *cli;
    bool is_json;
    cJSON *json; /* array */
    int64_t failures;
};

/* One line of the report: what was looked at and what was found; mend is the command that puts it
 * right, or NULL. */
void doctor_report(struct doctor *doctor, enum finding finding, const char *subject,
                   const char *found, const char *mend);
void doctor_reportf(struct doctor *doctor, enum finding finding, const char *subject,
                    const char *mend, const char *format, ...) PRINTF_LIKE(5, 6);

#define DOCTOR_MEND_SIZE 512
/* What starts a service again: system/stack for the system of ./run, else a hint. */
void doctor_mend_service(const struct doctor *doctor, const char *service,
                         char ret_mend[DOCTOR_MEND_SIZE]);

void doctor_services(struct doctor *doctor); /* readiness and clocks */
void doctor_stores(struct doctor *doctor);
void doctor_broker(struct doctor *doctor); /* topology, consumers, dead letters */
void doctor_bindings(struct doctor *doctor);
void doctor_repeats(struct doctor *doctor); /* what is announced again and not answered */
void doctor_traces(struct doctor *doctor);
