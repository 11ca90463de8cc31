/* rfc3339.c - moments to text and back, by the calendar alone: no locale, no time zone. */
#include "common/base/rfc3339.h"
#include "common/base/text.h"

#include <assert.h>
#include <string.h>

#define MS_PER_SECOND 1000
#define NS_PER_SECOND 1000000000

#define DAY_S 86400

/* Calendar days: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". Years begin in
 * March, so that a leap day is the last one; 719468 days lie between 0000-03-01 and 1970-01-01. */
#define ERA_YEARS  400
#define ERA_DAYS   146097
#define EPOCH_DAYS 719468

static char *digits_write(char *at, int count, int number)
{
    for (int i = count - 1; i >= 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + count;
}

static char *date_write(char *at, int64_t days)
{
    char year_text[TEXT_INT_SIZE];
    int64_t shifted = days + EPOCH_DAYS;
    int64_t era = shifted / ERA_DAYS;
    int day_of_era = (int)(shifted % ERA_DAYS);
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int march_month = (5 * day_of_year + 2) / 153;
    int month = march_month < 10 ? march_month + 3 : march_month - 9;
    size_t length = text_int(year_text, era * ERA_YEARS + year_of_era + (month <= 2));
    memcpy(at, year_text, length);
    at += length;
    *at++ = '-';
    at = digits_write(at, 2, month);
    *at++ = '-';
    return digits_write(at, 2, day_of_year - (153 * march_month + 2) / 5 + 1);
}

static void moment_write(int64_t at_s, int fraction, int digits, char ret_text[RFC3339_SIZE])
{
    int second = (int)(at_s % DAY_S);
    assert(at_s >= 0);
    char *at = date_write(ret_text, at_s / DAY_S);
    *at++ = 'T';
    at = digits_write(at, 2, second / 3600);
    *at++ = ':';
    at = digits_write(at, 2, second / 60 % 60);
    *at++ = ':';
    at = digits_write(at, 2, second % 60);
    *at++ = '.';
    at = digits_write(at, digits, fraction);
    *at++ = 'Z';
    *at = '\0';
}

void rfc3339_write_ms(int64_t at_ms, char ret_text[RFC3339_SIZE])
{
    moment_write(at_ms / MS_PER_SECOND, (int)(at_ms % MS_PER_SECOND), 3, ret_text);
}

void rfc3339_write_ns(int64_t at_ns, char ret_text[RFC3339_SIZE])
{
    moment_write(at_ns / NS_PER_SECOND, (int)(at_ns % NS_PER_SECOND), 9, ret_text);
}

/* `count` digits; moves on behind them. */
static bool digits_read(const char **at, const char *end, int count, int *ret_number)
{
    int number = 0;
    if (end - *at < count)
        return false;
    for (; count > 0; count--, ++*at) {
        if (**at < '0' || **at > '9')
            return false;
        number = number * 10 + (**at - '0');
    }
    *ret_number = number;
    return true;
}

static bool mark_read(const char **at, const char *end, char mark)
{
    if (*at == end || (**at != mark && **at != (mark | 0x20))) /* a small letter is as good */
        return false;
    ++*at;
    return true;
}

static int64_t days_of(int year, int month, int day)
{
    int64_t shifted = year - (month <= 2);
    int64_t year_of_era = shifted % ERA_YEARS;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return shifted / ERA_YEARS * ERA_DAYS + year_of_era * 365 + year_of_era / 4 -
           year_of_era / 100 + day_of_year - EPOCH_DAYS;
}

static bool date_read(const char **at, const char *end, int64_t *ret_days)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int year, month, day;
    if (!digits_read(at, end, 4, &year) || !mark_read(at, end, '-') ||
        !digits_read(at, end, 2, &month) || !mark_read(at, end, '-') ||
        !digits_read(at, end, 2, &day) || year == 0 || month < 1 || month > 12 || day < 1)
        return false;
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    *ret_days = days_of(year, month, day);
    return day <= lengths[month - 1] + (is_leap && month == 2);
}

/* A 61st second, which a clock may have inserted, is the first of the next minute. */
static bool clock_read(const char **at, const char *end, int64_t *ret_ms)
{
    int hour, minute, second;
    int fraction = 0;
    if (!digits_read(at, end, 2, &hour) || !mark_read(at, end, ':') ||
        !digits_read(at, end, 2, &minute) || !mark_read(at, end, ':') ||
        !digits_read(at, end, 2, &second) || hour > 23 || minute > 59 || second > 60)
        return false;
    if (*at < end && **at == '.') {
        int scale = MS_PER_SECOND / 10;
        int digit;
        ++*at;
        if (!digits_read(at, end, 1, &digit))
            return false;
        do {
            fraction += digit * scale;
            scale /= 10;
        } while (digits_read(at, end, 1, &digit));
    }
    *ret_ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + fraction;
    return true;
}

static bool offset_read(const char **at, const char *end, int64_t *ret_ms)
{
    int hours = 0;
    int minutes = 0;
    bool is_west = *at < end && **at == '-';
    if (!mark_read(at, end, 'Z')) {
        if (*at == end || (**at != '+' && **at != '-'))
            return false;
        ++*at;
        if (!digits_read(at, end, 2, &hours) || !mark_read(at, end, ':') ||
            !digits_read(at, end, 2, &minutes) || hours > 23 || minutes > 59)
            return false;
    }
    int64_t ms = (hours * 60 + minutes) * INT64_C(60000);
    *ret_ms = is_west ? -ms : ms;
    return *at == end;
}

bool rfc3339_read_ms(const char *text, size_t length, int64_t *ret_at_ms)
{
    assert(text != NULL && ret_at_ms != NULL);
    const char *end = text + length;
    int64_t days, clock_ms, offset_ms;
    if (!date_read(&text, end, &days) || !mark_read(&text, end, 'T') ||
        !clock_read(&text, end, &clock_ms) || !offset_read(&text, end, &offset_ms))
        return false;
    int64_t at_ms = days * INT64_C(86400000) + clock_ms - offset_ms;
    if (at_ms < 0 || at_ms > RFC3339_MS_MAX)
        return false;
    *ret_at_ms = at_ms;
    return true;
}
