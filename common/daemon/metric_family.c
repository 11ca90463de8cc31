/* metric_family.c - finds the row of a label set, and prints a family; what has no row left adds up
 * in one. */
#include "common/daemon/metric_family.h"
#include "common/base/attributes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
const double metric_bounds_seconds[METRIC_BUCKETS] = { .005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10 };
const double metric_bounds_sizes[METRIC_BUCKETS] = { 1, 2, 4, 8, 16, 32, 64, 96, 128, 192, 256, 320, 384, 512 };
/* clang-format on */

/* What does not fit whole is left out: a cut line would spoil the page. */
static void append(char *buffer, size_t size, size_t *length, const char *format, ...)
    PRINTF_LIKE(4, 5);
static void append(char *buffer, size_t size, size_t *length, const char *format, ...)
{
    assert(*length < size);
    va_list values;
    va_start(values, format);
    int written = vsnprintf(buffer + *length, size - *length, format, values);
    va_end(values);
    if (written > 0 && (size_t)written < size - *length)
        *length += (size_t)written;
    else
        buffer[*length] = '\0';
}

static void head_write(const char *name, const char *help, const char *type, char *buffer,
                       size_t size, size_t *length)
{
    append(buffer, size, length, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metric_counters_init(struct metric_counters *family, const char *name, const char *help)
{
    assert(name != NULL && help != NULL);
    memset(family, 0, sizeof *family);
    family->name = name;
    family->help = help;
    pthread_mutex_init(&family->mutex, NULL);
}

/* The row of this label set. `rows` are `stride` bytes each and begin with their labels; one beyond
 * METRIC_ROWS_MAX takes all that finds no row of its own. */
static size_t row_find(char *rows, size_t stride, size_t *count, const char *labels)
{
    assert(*count <= METRIC_ROWS_MAX + 1);
    size_t at = 0;
    while (at < *count && strcmp(rows + at * stride, labels) != 0)
        at++;
    if (at > METRIC_ROWS_MAX)
        return METRIC_ROWS_MAX;
    if (at == *count) {
        const char *kept = at == METRIC_ROWS_MAX ? "overflow=\"true\"" : labels;
        snprintf(rows + at * stride, METRIC_LABELS_SIZE, "%s", kept);
        (*count)++;
    }
    return at;
}

void metric_counters_add(struct metric_counters *family, const char *labels, uint64_t amount)
{
    assert(strlen(labels) < METRIC_LABELS_SIZE);
    pthread_mutex_lock(&family->mutex);
    size_t at = row_find((char *)family->rows, sizeof family->rows[0], &family->count, labels);
    family->rows[at].value += amount;
    pthread_mutex_unlock(&family->mutex);
}

void metric_counters_write(struct metric_counters *family, char *buffer, size_t size,
                           size_t *length)
{
    assert(*length < size && family->name != NULL);
    head_write(family->name, family->help, "counter", buffer, size, length);
    pthread_mutex_lock(&family->mutex);
    for (size_t i = 0; i < family->count; i++)
        append(buffer, size, length, "%s{%s} %llu\n", family->name, family->rows[i].labels,
               (unsigned long long)family->rows[i].value);
    pthread_mutex_unlock(&family->mutex);
}

static bool are_ascending(const double bounds[METRIC_BUCKETS])
{
    for (size_t i = 1; i < METRIC_BUCKETS; i++)
        if (bounds[i - 1] >= bounds[i])
            return false;
    return true;
}

void metric_histogram_init(struct metric_histogram *family, const char *name, const char *help,
                           const double bounds[METRIC_BUCKETS])
{
    assert(name != NULL && help != NULL && are_ascending(bounds));
    memset(family, 0, sizeof *family);
    family->name = name;
    family->help = help;
    family->bounds = bounds;
    pthread_mutex_init(&family->mutex, NULL);
}

void metric_histogram_add(struct metric_histogram *family, const char *labels, double value)
{
    assert(strlen(labels) < METRIC_LABELS_SIZE);
    size_t bucket = 0;
    while (bucket < METRIC_BUCKETS && value > family->bounds[bucket])
        bucket++;
    pthread_mutex_lock(&family->mutex);
    struct metric_samples *row =
        &family
             ->rows[row_find((char *)family->rows, sizeof family->rows[0], &family->count, labels)];
    row->buckets[bucket]++;
    row->count++;
    row->sum += value;
    pthread_mutex_unlock(&family->mutex);
}

static void samples_write(const struct metric_histogram *family, const struct metric_samples *row,
                          char *buffer, size_t size, size_t *length)
{
    const char *comma = row->labels[0] != '\0' ? "," : "";
    uint64_t below = 0;
    for (size_t i = 0; i < METRIC_BUCKETS; i++) {
        below += row->buckets[i];
        append(buffer, size, length, "%s_bucket{%s%sle=\"%g\"} %llu\n", family->name, row->labels,
               comma, family->bounds[i], (unsigned long long)below);
    }
    append(buffer, size, length, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", family->name, row->labels,
           comma, (unsigned long long)row->count);
    append(buffer, size, length, "%s_sum{%s} %.15g\n%s_count{%s} %llu\n", family->name, row->labels,
           row->sum, family->name, row->labels, (unsigned long long)row->count);
}

void metric_histogram_write(struct metric_histogram *family, char *buffer, size_t size,
                            size_t *length)
{
    assert(*length < size && family->bounds != NULL);
    head_write(family->name, family->help, "histogram", buffer, size, length);
    pthread_mutex_lock(&family->mutex);
    for (size_t i = 0; i < family->count; i++)
        samples_write(family, &family->rows[i], buffer, size, length);
    pthread_mutex_unlock(&family->mutex);
}

void metric_gauge_write(const char *name, const char *help, const char *labels, double value,
                        char *buffer, size_t size, size_t *length)
{
    assert(name != NULL && help != NULL && *length < size);
    head_write(name, help, "gauge", buffer, size, length);
    append(buffer, size, length, "%s{%s} %.15g\n", name, labels, value);
}
