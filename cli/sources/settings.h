/* settings.h - where the system is: from the environment, else from the file that ./run leaves.
 *
 * The file is $ROUNDTRIP_ENV, else the first var/run/env from the current directory upwards. It
 * holds one NAME=VALUE a line, the value quoted as bash's printf %q does; it is read, never run.
 * A variable that is set in the environment, and not empty, wins. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"
#include "services/registry.h"

#include <stdbool.h>
#include <stddef.h>

#define SETTINGS_PATH_SIZE 4096

#define SETTINGS_NAME_SIZE 64
#define SETTINGS_URL_SIZE  32

/* Where a service is. Texts that nobody has set are in the place itself. */
struct settings_place {
    const char *url;     /* without a final / */
    const char *ops_url; /* of its listener for operators; where it has none, the same as url */
    const char *store;   /* "" = not known */
    char default_url[SETTINGS_URL_SIZE], default_ops_url[SETTINGS_URL_SIZE];
};

struct settings {
    struct settings_place places[SERVICES_MAX]; /* of the services, as the registry lists them */
    const char *amqp_url, *management_url;      /* of the broker; "" = not known */
    const char *webhook_secret;                 /* "" = not known */
    const char *jaeger_url;                     /* the query API; "" = none */
    const char *trace_file;                     /* OTLP JSON lines; "" = none */
    const char *run_dir;                        /* DIR/run of ./run; "" = unknown */
    char path[SETTINGS_PATH_SIZE];              /* the file; "" = none was found */
    char *text;                                 /* what the file's values are in */
};

/* ERROR_REJECT: $ROUNDTRIP_ENV cannot be read, or a line of the file is none. */
MUST_CHECK bool settings_read(struct settings *settings, struct error *error);
void settings_done(struct settings *settings);

const struct settings_place *settings_place(const struct settings *settings,
                                            const struct service_description *service);
/* "ROUNDTRIP_STORE_BOOKING" */
void settings_store_variable(const struct service_description *service,
                             char ret_name[SETTINGS_NAME_SIZE]);

/* Undoes printf %q in place; false when the text is not one word of the shell. Pure. */
MUST_CHECK bool settings_unquote(char *text);
