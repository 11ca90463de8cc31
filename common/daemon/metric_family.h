/* metric_family.h - one Prometheus family: a bounded set of labelled counters or histograms.
 * Text format 0.0.4. Any thread; each family has its own mutex, held for a look-up. Names, helps
 * and bounds are borrowed for good.
 *
 * What writes appends at *length, which is below `size`, and keeps the text ended by a NUL; a line
 * that does not fit is left out. */
#pragma once

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define METRIC_ROWS_MAX    96 /* further label sets are counted together as {overflow="true"} */
#define METRIC_LABELS_SIZE 192
#define METRIC_BUCKETS     14

struct metric_row {
    char labels[METRIC_LABELS_SIZE]; /* a="b",c="d" */
    uint64_t value;
};

struct metric_counters {
    const char *name, *help;
    pthread_mutex_t mutex;
    struct metric_row rows[METRIC_ROWS_MAX + 1];
    size_t count;
};

struct metric_samples {
    char labels[METRIC_LABELS_SIZE];
    uint64_t buckets[METRIC_BUCKETS + 1]; /* the last one: beyond all bounds */
    uint64_t count;
    double sum;
};

struct metric_histogram {
    const char *name, *help;
    const double *bounds; /* METRIC_BUCKETS of them, ascending */
    pthread_mutex_t mutex;
    struct metric_samples rows[METRIC_ROWS_MAX + 1];
    size_t count;
};

/* Conventional bounds for durations in seconds, and for batch sizes. */
extern const double metric_bounds_seconds[METRIC_BUCKETS];
extern const double metric_bounds_sizes[METRIC_BUCKETS];

void metric_counters_init(struct metric_counters *family, const char *name, const char *help);
/* `labels` are shorter than METRIC_LABELS_SIZE, and copied. */
void metric_counters_add(struct metric_counters *family, const char *labels, uint64_t amount);
void metric_counters_write(struct metric_counters *family, char *buffer, size_t size,
                           size_t *length);

void metric_histogram_init(struct metric_histogram *family, const char *name, const char *help,
                           const double bounds[METRIC_BUCKETS]);
void metric_histogram_add(struct metric_histogram *family, const char *labels, double value);
void metric_histogram_write(struct metric_histogram *family, char *buffer, size_t size,
                            size_t *length);

/* One gauge with its HELP and TYPE. */
void metric_gauge_write(const char *name, const char *help, const char *labels, double value,
                        char *buffer, size_t size, size_t *length);
