/* text_table.c - columns as wide as their widest cell. */
#include "cli/screen/text.h"

#include <stdarg.h>
#include <string.h>

#define CELL_BYTES_MAX 256
#define COLUMN_GAP     "  "

struct table_row {
    struct table_row *next;
    size_t count;
    const char *cells[TABLE_COLUMNS_MAX];
};

void table_start(struct table *table, const char *const *heads, size_t count)
{
    memset(table, 0, sizeof *table);
    for (size_t i = 0; i < count && i < TABLE_COLUMNS_MAX; i++) {
        table->is_number[i] = heads[i][0] == '#';
        table->is_state[i] = heads[i][0] == '!';
        table->heads[i] = heads[i] + (table->is_number[i] || table->is_state[i] ? 1 : 0);
        table->column_count++;
    }
}

void table_add(struct table *table, const char *format, ...)
{
    char text[CELL_BYTES_MAX];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    text_clean(text);
    struct table_row *row = table->last;
    if (row == NULL || row->count == table->column_count) {
        row = arena_alloc(&table->arena, sizeof *row);
        if (table->last != NULL)
            table->last->next = row;
        else
            table->first = row;
        table->last = row;
    }
    row->cells[row->count++] = arena_text(&table->arena, text, strlen(text));
}

/* Characters, not bytes; wide ones do not occur in ids and states. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void cell_print(const struct table *table, size_t column, const char *text, size_t width,
                       bool is_head, FILE *out, bool has_colours)
{
    size_t used = width_of(text);
    int padding = used < width ? (int)(width - used) : 0;
    bool is_last = column + 1 == table->column_count;
    enum colour colour = is_head                   ? COLOUR_FAINT
                         : table->is_state[column] ? text_state_colour(text)
                                                   : COLOUR_NONE;
    if (table->is_number[column])
        fprintf(out, "%*s", padding, "");
    text_print(out, has_colours, colour, "%s", text);
    if (!table->is_number[column] && !is_last)
        fprintf(out, "%*s", padding, "");
    fputs(is_last ? "\n" : COLUMN_GAP, out);
}

void table_print(const struct table *table, FILE *out, bool has_colours)
{
    size_t widths[TABLE_COLUMNS_MAX] = { 0 };
    for (size_t i = 0; i < table->column_count; i++)
        widths[i] = width_of(table->heads[i]);
    for (const struct table_row *row = table->first; row != NULL; row = row->next)
        for (size_t i = 0; i < row->count; i++)
            if (width_of(row->cells[i]) > widths[i])
                widths[i] = width_of(row->cells[i]);
    for (size_t i = 0; i < table->column_count; i++)
        cell_print(table, i, table->heads[i], widths[i], true, out, has_colours);
    for (const struct table_row *row = table->first; row != NULL; row = row->next)
        for (size_t i = 0; i < table->column_count; i++)
            cell_print(table, i, i < row->count ? row->cells[i] : "", widths[i], false, out,
                       has_colours);
}

void table_done(struct table *table)
{
    arena_done(&table->arena);
}
