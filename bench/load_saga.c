/* load_saga.c - draws each saga's order of events and its duplicates from its number, and reads
 * from the gateway's metrics how many have settled. */
#include "bench/load_saga.h"

#include "bench/load.h"
#include "payment/signature.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AMOUNT         1000
#define AGAIN_MAX_MS   50
#define BODY_SIZE      320
#define HEAD_FORMAT    "POST %s HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
#define SETTLED_LINE   "roundtrip_decisions_total{participant=\"gateway\",input=\"booking."
#define NS_PER_MS      INT64_C(1000000)
#define PAYMENT_SALT   UINT64_C(0x5041594d454e5421)
#define STEPS_PER_SAGA 8

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t mixed(uint64_t number)
{
    uint64_t z = number * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t draw(uint32_t saga, uint32_t step, uint64_t below)
{
    return mixed((uint64_t)saga * STEPS_PER_SAGA + step + 1) % below;
}

static bool has_mismatch(const struct load_run_id *run, uint32_t saga)
{
    return (int64_t)draw(saga, 0, 100) < run->mismatch_percent;
}

struct load_plan load_plan_make(const struct load_run_id *run, uint32_t saga)
{
    int64_t gap_ns = (int64_t)draw(saga, 1, (uint64_t)LOAD_GAP_MS * NS_PER_MS);
    struct load_plan plan = { 0 };
    switch (draw(saga, 2, 3)) {
    case 0:
        plan.payment_after_ns = gap_ns;
        break;
    case 1:
        plan.intent_after_ns = gap_ns;
        break;
    default:
        break; /* at the same time */
    }
    int64_t again_ns = (int64_t)draw(saga, 3, (uint64_t)AGAIN_MAX_MS * NS_PER_MS);
    if ((int64_t)draw(saga, 4, 100) < run->duplicate_percent)
        plan.intent_again_after_ns = plan.intent_after_ns + again_ns + 1;
    if ((int64_t)draw(saga, 5, 100) < run->duplicate_percent)
        plan.payment_again_after_ns = plan.payment_after_ns + again_ns + 1;
    return plan;
}

/* Version 7: the time first, so that ids grow; the rest random. RFC 9562. */
static void id_write(const struct load_run_id *run, uint32_t saga, uint64_t salt,
                     char ret_id[LOAD_ID_SIZE])
{
    uint64_t ms = (uint64_t)run->begin_ms + saga;
    uint64_t high = mixed(ms ^ salt ^ run->salt), low = mixed(high ^ ms);
    (void)snprintf(ret_id, LOAD_ID_SIZE,
                   "%08" PRIx64 "-%04" PRIx64 "-7%03" PRIx64 "-8%03" PRIx64 "-%012" PRIx64,
                   ms >> 16 & 0xffffffff, ms & 0xffff, high & 0xfff, high >> 12 & 0xfff,
                   low & UINT64_C(0xffffffffffff));
}

void load_booking_id(const struct load_run_id *run, uint32_t saga, char ret_id[LOAD_ID_SIZE])
{
    id_write(run, saga, 0, ret_id);
}

static size_t intent_write(const struct load_run_id *run, uint32_t saga,
                           char request[LOAD_REQUEST_SIZE])
{
    char id[LOAD_ID_SIZE], body[BODY_SIZE];
    load_booking_id(run, saga, id);
    int body_length =
        snprintf(body, sizeof body,
                 "{\"intentId\":\"%s\",\"userId\":\"alice\",\"amount\":%d,\"currency\":\"EUR\"}",
                 id, AMOUNT);
    int length = snprintf(request, LOAD_REQUEST_SIZE, HEAD_FORMAT "Content-Length: %d\r\n\r\n%s",
                          "/booking/intent", body_length, body);
    assert(length > 0 && length < LOAD_REQUEST_SIZE);
    return (size_t)length;
}

static size_t payment_write(const struct load_run_id *run, uint32_t saga,
                            char request[LOAD_REQUEST_SIZE])
{
    char id[LOAD_ID_SIZE], payment_id[LOAD_ID_SIZE], body[BODY_SIZE];
    char signature[SIGNATURE_TEXT_SIZE];
    load_booking_id(run, saga, id);
    id_write(run, saga, PAYMENT_SALT, payment_id);
    int body_length =
        snprintf(body, sizeof body,
                 "{\"paymentId\":\"%s\",\"intentId\":\"%s\",\"userId\":\"alice\",\"amount\":%d,"
                 "\"currency\":\"EUR\"}",
                 payment_id, id, AMOUNT - (has_mismatch(run, saga) ? 1 : 0));
    payment_signature_sign(run->secret, body, (size_t)body_length, time(NULL), signature);
    int length = snprintf(request, LOAD_REQUEST_SIZE,
                          HEAD_FORMAT SIGNATURE_HEADER_NAME ": %s\r\nContent-Length: %d\r\n\r\n%s",
                          "/payment/captured", signature, body_length, body);
    assert(length > 0 && length < LOAD_REQUEST_SIZE);
    return (size_t)length;
}

size_t load_request_write(const struct load_run_id *run, const struct load_job *job,
                          char request[LOAD_REQUEST_SIZE])
{
    char id[LOAD_ID_SIZE];
    int length = 0;
    switch ((enum load_kind)job->kind) {
    case LOAD_JOB_INTENT:
    case LOAD_JOB_INTENT_AGAIN:
        return intent_write(run, job->saga, request);
    case LOAD_JOB_PAYMENT:
    case LOAD_JOB_PAYMENT_AGAIN:
        return payment_write(run, job->saga, request);
    case LOAD_JOB_WATCH:
        load_booking_id(run, job->saga, id);
        length = snprintf(request, LOAD_REQUEST_SIZE,
                          "GET /booking/%s HTTP/1.1\r\nHost: bench\r\nPrefer: wait=30\r\n\r\n", id);
        break;
    case LOAD_JOB_COUNT:
        length =
            snprintf(request, LOAD_REQUEST_SIZE, "GET /metrics HTTP/1.1\r\nHost: bench\r\n\r\n");
        break;
    }
    return (size_t)length;
}

uint64_t load_settled_read(const char *metrics)
{
    uint64_t settled = 0;
    for (const char *line = strstr(metrics, SETTLED_LINE); line != NULL;
         line = strstr(line + 1, SETTLED_LINE)) {
        const char *decision = strstr(line, "decision=\"");
        const char *value = strchr(line, '}');
        bool is_outcome = decision != NULL && value != NULL && decision < value &&
                          (strncmp(decision + 10, "confirm\"", 8) == 0 ||
                           strncmp(decision + 10, "fail\"", 5) == 0);
        settled += is_outcome ? strtoul(value + 1, NULL, 10) : 0;
    }
    return settled;
}
