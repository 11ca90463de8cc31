/* audit_events.h - listens to every event for a while, through a queue of its own, and keeps what
 * an audit needs of them. One thread. */
#pragma once

#include "audit/audit_report.h"
#include "cli/sources/cli.h"

/* A body is compared with the one that its message had before among so many messages and so many
 * bytes at the least, and twice as many at the most: repeats come soon, and whoever listens for
 * days needs no more memory than for a minute. */
#define AUDIT_HEARD_MESSAGES_MAX 65536
#define AUDIT_HEARD_BYTES_MAX    ((size_t)32 * 1024 * 1024)

struct tap;

/* Listens for so long, or until Ctrl-C where duration_ms is 0. False: the broker cannot be reached,
 * and the user knows. */
MUST_CHECK bool audit_listen(const struct cli *cli, int64_t duration_ms, struct audit_facts *facts,
                             struct audit_report *report);
