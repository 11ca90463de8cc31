/* fetch.h - one question to a service, answered in JSON; what goes wrong is said to the user, with
 * the next thing to try. */
#pragma once

#include "cli/screen/json.h"
#include "cli/sources/cli.h"
#include "common/base/attributes.h"

#include <stdbool.h>

#define FETCH_TIMEOUT_MS 10000

struct question {
    const struct service_description *service; /* NULL: Jaeger, which is none of ours */
    const char *method;
    bool is_ops;        /* asked of the ops listener, not of the public one */
    const char *path;   /* behind the service's URL */
    const char *header; /* one more, or NULL */
    cJSON *body;        /* borrowed; NULL = none */
    long timeout_ms;    /* 0 = FETCH_TIMEOUT_MS */
};

/* EXIT_OK: a complete answer came, whatever its status; *ret_json (to be deleted by cJSON_Delete)
 * is its body, or NULL where that is no JSON. EXIT_UNAVAILABLE: none came, and the user knows. */
MUST_CHECK enum exit_status fetch_any(const struct cli *cli, const struct question *question,
                                      int *ret_status, cJSON **ret_json);

/* Only a 2xx with JSON is EXIT_OK. A 404 is EXIT_NOT_FOUND, any other refusal EXIT_WRONG, both said
 * to the user with the service's own words. */
MUST_CHECK enum exit_status fetch(const struct cli *cli, const struct question *question,
                                  cJSON **ret_json);
