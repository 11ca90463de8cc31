/* clear_queue.h - documents whose owed messages are confirmed but not yet dropped from the store.
 *
 *                 confirmed                    due, or many           store.clear_owed
 *   owed in store -----------> add: remembered -------------> take: gone ----------------> dropped
 *         ^                        |      |                                |
 *         |                        |      +-- saved again: remove          | it failed
 *         +------ full: no add ----+          (the save drops them)        v
 *                                                             the relay publishes them once more
 *
 * Remembered means: confirmed at this version, and still stored. Each document is in it once, at
 * its newest version; those that are gone keep their place in the ring until they are its first.
 *
 * Dropping them costs a write, so it waits: the next save of the document drops them for nothing,
 * and what is not saved again is dropped many at a time. A queue in the order of coming, with an
 * index by document id. Belongs to one engine; its thread only. Pure. */
#pragma once

#include "common/base/ident.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLEAR_QUEUE_MAX        4096
#define CLEAR_QUEUE_INDEX_SIZE 8192 /* a power of two, well above CLEAR_QUEUE_MAX */

struct clear_entry {
    char id[IDENT_SIZE];
    bool is_gone;
    int64_t version, since_ms;
};

struct clear_queue {             /* starts all zero but for the arrays, which are the owner's */
    struct clear_entry *entries; /* [CLEAR_QUEUE_MAX], a ring */
    uint16_t *index;             /* [CLEAR_QUEUE_INDEX_SIZE], by hash of id: place + 1, 0 = free */
    size_t first, used;          /* used counts those that are gone, too */
    size_t count;                /* those that are not */
};

void clear_queue_empty(struct clear_queue *clears);

/* The messages of id at this version are confirmed. False: full, and nothing is remembered. */
bool clear_queue_add(struct clear_queue *clears, const char *id, int64_t version, int64_t now_ms);
bool clear_queue_has(const struct clear_queue *clears, const char *id, int64_t version);
void clear_queue_remove(struct clear_queue *clears,
                        const char *id); /* saved again, or nothing to do */

/* When the oldest came; INT64_MAX when there is none. */
int64_t clear_queue_oldest_ms(const struct clear_queue *clears);

/* Takes out up to max of those that came at before_ms or earlier, the oldest first. The ids stay
 * valid until the next clear_queue_add. */
size_t clear_queue_take(struct clear_queue *clears, int64_t before_ms, size_t max,
                        const char **ret_ids, int64_t *ret_versions);
