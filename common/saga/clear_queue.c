/* clear_queue.c - a ring of documents, and a hash index with linear probing that closes the gap of
 * what is removed. */
#include "common/saga/clear_queue.h"

#include "common/base/hash.h"

#include <assert.h>
#include <string.h>

static size_t home_of(const char *id)
{
    return (size_t)hash_text(id) & (CLEAR_QUEUE_INDEX_SIZE - 1);
}

static size_t next_of(size_t at)
{
    return (at + 1) & (CLEAR_QUEUE_INDEX_SIZE - 1);
}

/* Where id is in the index, or the free place where its search ends. */
static size_t index_find(const struct clear_queue *clears, const char *id)
{
    assert(clears->count < CLEAR_QUEUE_INDEX_SIZE);
    size_t at = home_of(id);
    while (clears->index[at] != 0 && strcmp(clears->entries[clears->index[at] - 1].id, id) != 0)
        at = next_of(at);
    return at;
}

/* Closes the gap, so that no later search ends at it before its time. */
static void index_free(struct clear_queue *clears, size_t gap)
{
    assert(clears->index[gap] != 0);
    for (size_t at = next_of(gap); clears->index[at] != 0; at = next_of(at)) {
        size_t home = home_of(clears->entries[clears->index[at] - 1].id);
        size_t from_home = (at - home) & (CLEAR_QUEUE_INDEX_SIZE - 1);
        size_t from_gap = (at - gap) & (CLEAR_QUEUE_INDEX_SIZE - 1);
        if (from_home >= from_gap) {
            clears->index[gap] = clears->index[at];
            gap = at;
        }
    }
    clears->index[gap] = 0;
}

static void gone_drop(struct clear_queue *clears)
{
    assert(clears->used <= CLEAR_QUEUE_MAX && clears->count <= clears->used);
    while (clears->used > 0 && clears->entries[clears->first].is_gone) {
        clears->first = (clears->first + 1) % CLEAR_QUEUE_MAX;
        clears->used--;
    }
}

void clear_queue_remove(struct clear_queue *clears, const char *id)
{
    size_t at = index_find(clears, id);
    if (clears->index[at] == 0)
        return;
    clears->entries[clears->index[at] - 1].is_gone = true;
    index_free(clears, at);
    assert(clears->count > 0);
    clears->count--;
    gone_drop(clears);
}

void clear_queue_empty(struct clear_queue *clears)
{
    while (clears->used > 0)
        clear_queue_remove(clears, clears->entries[clears->first].id);
    assert(clears->count == 0);
    clears->first = 0;
}

bool clear_queue_add(struct clear_queue *clears, const char *id, int64_t version, int64_t now_ms)
{
    clear_queue_remove(clears, id);
    if (clears->used == CLEAR_QUEUE_MAX)
        return false;
    size_t place = (clears->first + clears->used++) % CLEAR_QUEUE_MAX;
    struct clear_entry *entry = &clears->entries[place];
    size_t length = strlen(id);
    assert(length < sizeof entry->id);
    memcpy(entry->id, id, length + 1);
    entry->is_gone = false;
    entry->version = version;
    entry->since_ms = now_ms;
    clears->index[index_find(clears, id)] = (uint16_t)(place + 1);
    clears->count++;
    return true;
}

bool clear_queue_has(const struct clear_queue *clears, const char *id, int64_t version)
{
    assert(version >= 0);
    size_t at = index_find(clears, id);
    return clears->index[at] != 0 && clears->entries[clears->index[at] - 1].version == version;
}

int64_t clear_queue_oldest_ms(const struct clear_queue *clears)
{
    assert(clears->used == 0 || !clears->entries[clears->first].is_gone);
    return clears->used > 0 ? clears->entries[clears->first].since_ms : INT64_MAX;
}

size_t clear_queue_take(struct clear_queue *clears, int64_t before_ms, size_t max,
                        const char **ret_ids, int64_t *ret_versions)
{
    size_t count = 0;
    while (count < max && clears->used > 0) {
        struct clear_entry *entry = &clears->entries[clears->first];
        assert(!entry->is_gone); /* the first never is */
        if (entry->since_ms > before_ms)
            break;
        ret_ids[count] = entry->id;
        ret_versions[count++] = entry->version;
        clear_queue_remove(clears, entry->id);
    }
    return count;
}
