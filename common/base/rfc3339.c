/* rfc3339.c - moments to text and back, by the C library; no time zone but UTC. */
#include "common/base/rfc3339.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MS_PER_SECOND 1000
#define NS_PER_SECOND 1000000000

#define DATE_AND_TIME "%Y-%m-%dT%H:%M:%S"

static void moment_write(int64_t at_s, int fraction, int digits, char ret_text[RFC3339_SIZE])
{
    time_t seconds = (time_t)at_s;
    struct tm utc = { 0 };
    (void)gmtime_r(&seconds, &utc);
    size_t length = strftime(ret_text, RFC3339_SIZE, DATE_AND_TIME, &utc);
    (void)snprintf(ret_text + length, RFC3339_SIZE - length, ".%0*dZ", digits, fraction);
}

void rfc3339_write_ms(int64_t at_ms, char ret_text[RFC3339_SIZE])
{
    moment_write(at_ms / MS_PER_SECOND, (int)(at_ms % MS_PER_SECOND), 3, ret_text);
}

void rfc3339_write_ns(int64_t at_ns, char ret_text[RFC3339_SIZE])
{
    moment_write(at_ns / NS_PER_SECOND, (int)(at_ns % NS_PER_SECOND), 9, ret_text);
}

int64_t rfc3339_read_ms(const char *text)
{
    struct tm utc = { 0 };
    return strptime(text, DATE_AND_TIME, &utc) != NULL ? (int64_t)timegm(&utc) * MS_PER_SECOND : 0;
}
