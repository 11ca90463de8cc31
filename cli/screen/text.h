/* text.h - what people read: money, times, durations, colours, tables. Nothing here fails.
 *
 * Text that came from elsewhere (a message, an answer) goes through text_clean or a table, so that
 * no control character reaches a terminal. One thread. */
#pragma once

#include "common/base/arena.h"
#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_TIME_SIZE     96 /* whatever the year */
#define TEXT_DURATION_SIZE 32
#define TEXT_MONEY_SIZE    40

/* "2026-11-21 10:30:00.123" in local time; "-" for 0. */
void text_time(int64_t at_ms, char ret_text[TEXT_TIME_SIZE]);
/* "10:30:00.123" in local time. */
void text_time_of_day(int64_t at_ms, char ret_text[TEXT_TIME_SIZE]);
/* "850 ms", "4.2 s", "9 min 30 s", "2 h 5 min", "3 d 4 h". */
void text_duration(int64_t duration_ms, char ret_text[TEXT_DURATION_SIZE]);
/* "129.00 EUR", "1500 JPY". */
void text_money(int64_t amount, const char *currency, char ret_text[TEXT_MONEY_SIZE]);

/* Control characters become '.', in place. */
char *text_clean(char *text);

enum colour { COLOUR_NONE, COLOUR_GOOD, COLOUR_BAD, COLOUR_WAITING, COLOUR_FAINT, COLOUR_BOLD };
/* Not NO_COLOR, not TERM=dumb, and a terminal. */
bool text_has_colours(FILE *out);
/* How a state, verdict or status is coloured. */
enum colour text_state_colour(const char *state);
void text_print(FILE *out, bool has_colours, enum colour colour, const char *format, ...)
    PRINTF_LIKE(4, 5);

#define TABLE_COLUMNS_MAX 8

struct table_row;
struct table {
    struct arena arena; /* holds the cells */
    const char *heads[TABLE_COLUMNS_MAX];
    bool is_number[TABLE_COLUMNS_MAX]; /* right-aligned */
    bool is_state[TABLE_COLUMNS_MAX];  /* coloured */
    size_t column_count;
    struct table_row *first, *last;
};

/* A column's head "#amount" is right-aligned, "!state" is coloured. Zeroed struct; ended by
 * table_done. */
void table_start(struct table *table, const char *const *heads, size_t count);
/* The next cell of the present row; a full row begins the next one. */
void table_add(struct table *table, const char *format, ...) PRINTF_LIKE(2, 3);
void table_print(const struct table *table, FILE *out, bool has_colours);
void table_done(struct table *table);
