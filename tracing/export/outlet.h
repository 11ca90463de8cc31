/* outlet.h - where finished requests go: a port of the exporter with three real forms (a collector
 * by HTTP, a file, standard output) and one in memory in the tests. One thread: the exporter's. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"
#include "tracing/export/environment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum outlet_result {
    OUTLET_SENT,
    OUTLET_RETRY,  /* not taken, may be sent again; a duplicate is possible and harmless */
    OUTLET_FAILED, /* not taken, sending again does not help */
};

struct outlet_answer {
    int64_t retry_after_ms; /* OUTLET_RETRY: what the other side asked for; -1 = nothing */
    int64_t rejected;       /* OUTLET_SENT: spans that the other side refused */
    char message[ERROR_MESSAGE_BYTES]; /* why; "" = nothing to say */
};

struct outlet {
    void *self;
    /* One request, a complete JSON object without a line feed. Gives up at give_up_ms
     * (clock_monotonic_ms), which may come nearer while it runs. */
    enum outlet_result (*send)(void *self, const char *json, size_t length,
                               struct outlet_answer *ret_answer);
    /* Any thread: a send that runs must be over by then. May be NULL. */
    void (*hurry)(void *self, int64_t give_up_ms);
    void (*free)(void *self);
};

/* Appends a line per request by a single write in append mode, so that several processes may share
 * the file. */
MUST_CHECK bool outlet_file_open(const char *path, struct outlet *ret_outlet, struct error *error);
struct outlet outlet_stdout(void);
/* OTLP/HTTP, by libcurl. Keeps its connection. */
MUST_CHECK bool outlet_http_open(const struct tracing_environment *environment,
                                 struct outlet *ret_outlet, struct error *error);

/* outlet_answer.c: what an answer means (OTLP/HTTP, "OTLP/HTTP Response"). Pure. */
enum outlet_result outlet_answer_read(int status, const char *body, size_t length,
                                      struct outlet_answer *ret_answer);
