/* audit_print.h - how an audit's report is printed. Private to the audit command. */
#pragma once

#include "audit/audit_report.h"
#include "cli/sources/cli.h"

/* audit_text.c: at most `limit` of each list; audit_json.c: all. */
void audit_report_print(const struct cli *cli, const struct audit_report *report, size_t limit);
void audit_report_print_json(const struct cli *cli, const struct audit_report *report);
