/* booking_trace.c - ids as parts of hashes; a booking whose id is a UUID has that for its trace. */
#include "tracing/booking_trace.h"

#include "common/base/hash.h"
#include "common/base/hex.h"
#include "common/base/ident.h"
#include "common/base/uuid.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* An id of zeros means "none" on the wire. SHA-256 gives it once in 2^64 at the most. */
static void never_zero(uint8_t *id, size_t length)
{
    uint8_t seen = 0;
    for (size_t i = 0; i < length; i++)
        seen |= id[i];
    if (seen == 0)
        id[length - 1] = 1;
}

static void part_of_hash(const char *text, size_t from, uint8_t *ret_id, size_t length)
{
    uint8_t digest[SHA256_BYTES];
    hash_sha256(text, strlen(text), digest);
    memcpy(ret_id, digest + from, length);
    never_zero(ret_id, length);
}

void tracing_booking_trace_id(const char *booking_id, uint8_t ret_trace_id[16])
{
    assert(booking_id != NULL);
    static const uint8_t nil[16];
    if (!uuid_parse(booking_id, ret_trace_id) || memcmp(ret_trace_id, nil, sizeof nil) == 0)
        part_of_hash(booking_id, 0, ret_trace_id, 16);
}

void tracing_booking_root_id(const char *booking_id, uint8_t ret_span_id[8])
{
    assert(booking_id != NULL);
    part_of_hash(booking_id, 16, ret_span_id, 8);
}

void tracing_message_span_id(const char *message_id, uint8_t ret_span_id[8])
{
    assert(message_id != NULL);
    part_of_hash(message_id, 0, ret_span_id, 8);
}

void tracing_wait_span_id(const char *booking_id, const char *name, int64_t since_ms,
                          uint8_t ret_span_id[8])
{
    assert(booking_id != NULL && name != NULL);
    char text[IDENT_SIZE + 96];
    snprintf(text, sizeof text, "%s %s %" PRId64, booking_id, name, since_ms);
    part_of_hash(text, 0, ret_span_id, 8);
}

void tracing_booking_trace_hex(const char *booking_id, char ret_hex[33])
{
    uint8_t trace_id[16];
    tracing_booking_trace_id(booking_id, trace_id);
    hex_write(trace_id, sizeof trace_id, ret_hex);
}
