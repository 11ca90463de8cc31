/* text.c - formats times, durations and money; knows the colour of each state and when a terminal
 * wants none. */
#include "cli/screen/text.h"

#include "common/base/money.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

void text_time(int64_t at_ms, char ret_text[TEXT_TIME_SIZE])
{
    time_t seconds = (time_t)(at_ms / SECOND_MS);
    struct tm parts = { 0 };
    if (at_ms <= 0 || localtime_r(&seconds, &parts) == NULL)
        snprintf(ret_text, TEXT_TIME_SIZE, "-");
    else
        snprintf(ret_text, TEXT_TIME_SIZE, "%04d-%02d-%02d %02d:%02d:%02d.%03d",
                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                 parts.tm_sec, (int)(at_ms % SECOND_MS));
}

void text_time_of_day(int64_t at_ms, char ret_text[TEXT_TIME_SIZE])
{
    char text[TEXT_TIME_SIZE];
    text_time(at_ms, text);
    const char *blank = strchr(text, ' ');
    snprintf(ret_text, TEXT_TIME_SIZE, "%s", blank != NULL ? blank + 1 : text);
}

static void two_units(char *text, int64_t whole, const char *unit, int64_t rest,
                      const char *rest_unit)
{
    if (rest == 0)
        snprintf(text, TEXT_DURATION_SIZE, "%" PRId64 " %s", whole, unit);
    else
        snprintf(text, TEXT_DURATION_SIZE, "%" PRId64 " %s %" PRId64 " %s", whole, unit, rest,
                 rest_unit);
}

void text_duration(int64_t duration_ms, char ret_text[TEXT_DURATION_SIZE])
{
    if (duration_ms < SECOND_MS)
        snprintf(ret_text, TEXT_DURATION_SIZE, "%" PRId64 " ms", duration_ms);
    else if (duration_ms < MINUTE_MS)
        snprintf(ret_text, TEXT_DURATION_SIZE, "%" PRId64 ".%" PRId64 " s", duration_ms / SECOND_MS,
                 duration_ms % SECOND_MS / 100);
    else if (duration_ms < HOUR_MS)
        two_units(ret_text, duration_ms / MINUTE_MS, "min", duration_ms % MINUTE_MS / SECOND_MS,
                  "s");
    else if (duration_ms < DAY_MS)
        two_units(ret_text, duration_ms / HOUR_MS, "h", duration_ms % HOUR_MS / MINUTE_MS, "min");
    else
        two_units(ret_text, duration_ms / DAY_MS, "d", duration_ms % DAY_MS / HOUR_MS, "h");
}

void text_money(int64_t amount, const char *currency, char ret_text[TEXT_MONEY_SIZE])
{
    int decimals = money_currency_exponent(currency);
    int64_t factor = 1;
    for (int i = 0; i < decimals; i++)
        factor *= 10;
    const char *sign = amount < 0 ? "-" : "";
    uint64_t size = amount < 0 ? -(uint64_t)amount : (uint64_t)amount;
    uint64_t whole = size / (uint64_t)factor;
    if (decimals == 0)
        snprintf(ret_text, TEXT_MONEY_SIZE, "%s%" PRIu64 " %.3s", sign, whole, currency);
    else
        snprintf(ret_text, TEXT_MONEY_SIZE, "%s%" PRIu64 ".%0*" PRIu64 " %.3s", sign, whole,
                 decimals, size % (uint64_t)factor, currency);
}

/* C0, DEL, and C1 in its UTF-8 form. */
char *text_clean(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++) {
        if (*at < ' ' || *at == 0x7f) {
            *at = '.';
        } else if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0) {
            at[0] = '.';
            at[1] = '.';
        }
    }
    return text;
}

/* ---- colours ---- */

bool text_has_colours(FILE *out)
{
    const char *off = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    if ((off != NULL && off[0] != '\0') || terminal == NULL || strcmp(terminal, "dumb") == 0)
        return false;
    return isatty(fileno(out)) == 1;
}

struct state_colour {
    const char *state;
    enum colour colour;
};
static const struct state_colour state_colours[] = {
    { "confirmed", COLOUR_GOOD },     { "settled", COLOUR_GOOD },
    { "refunded", COLOUR_GOOD },      { "applied", COLOUR_GOOD },
    { "captured", COLOUR_WAITING },   { "ok", COLOUR_GOOD },
    { "confirm", COLOUR_GOOD },       { "replayed", COLOUR_GOOD },
    { "failed", COLOUR_BAD },         { "fail", COLOUR_BAD },
    { "FAIL", COLOUR_BAD },           { "refund_stuck", COLOUR_BAD },
    { "stuck", COLOUR_BAD },          { "reject", COLOUR_BAD },
    { "declined", COLOUR_BAD },       { "error", COLOUR_BAD },
    { "pending", COLOUR_WAITING },    { "payment_received_first", COLOUR_WAITING },
    { "refund_due", COLOUR_WAITING }, { "refunding", COLOUR_WAITING },
    { "waiting", COLOUR_WAITING },    { "wait", COLOUR_WAITING },
    { "held", COLOUR_WAITING },       { "expected", COLOUR_WAITING },
    { "unknown", COLOUR_WAITING },    { "cancelled", COLOUR_FAINT },
    { "cancel", COLOUR_FAINT },       { "duplicate", COLOUR_FAINT },
    { "noop", COLOUR_FAINT },
};

enum colour text_state_colour(const char *state)
{
    for (size_t i = 0; i < sizeof state_colours / sizeof state_colours[0]; i++)
        if (strcmp(state_colours[i].state, state) == 0)
            return state_colours[i].colour;
    return COLOUR_NONE;
}

static const char *colour_code(enum colour colour)
{
    static const char *const codes[] = {
        [COLOUR_NONE] = "",         [COLOUR_GOOD] = "\033[32m",
        [COLOUR_BAD] = "\033[31m",  [COLOUR_WAITING] = "\033[33m",
        [COLOUR_FAINT] = "\033[2m", [COLOUR_BOLD] = "\033[1m",
    };
    return codes[colour];
}

void text_print(FILE *out, bool has_colours, enum colour colour, const char *format, ...)
{
    bool is_coloured = has_colours && colour != COLOUR_NONE;
    va_list values;
    va_start(values, format);
    if (is_coloured)
        fputs(colour_code(colour), out);
    vfprintf(out, format, values);
    if (is_coloured)
        fputs("\033[0m", out);
    va_end(values);
}
