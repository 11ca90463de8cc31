#include "common/bus/confirms.h"

#include <assert.h>

void confirms_reset(struct confirms *confirms)
{
    confirms->first_sequence = 1;
    confirms->count = 0;
    confirms->first_pending = 0;
    confirms->pending = 0;
    confirms->bytes_pending = 0;
}

void confirms_begin(struct confirms *confirms)
{
    assert(confirms->pending == 0);
    confirms->first_sequence += confirms->count;
    confirms->count = 0;
    confirms->first_pending = 0;
}

size_t confirms_add(struct confirms *confirms, size_t bytes)
{
    assert(confirms->count < CONFIRMS_MAX);
    confirms->entries[confirms->count] =
        (struct confirms_entry){ .bytes = bytes, .result = PUBLISH_UNKNOWN };
    confirms->pending++;
    confirms->bytes_pending += bytes;
    return confirms->count++;
}

static void settle_one(struct confirms *confirms, size_t index, enum publish_result result)
{
    struct confirms_entry *entry = &confirms->entries[index];
    if (entry->is_settled) {
        return;
    }
    assert(confirms->pending > 0 && confirms->bytes_pending >= entry->bytes);
    entry->is_settled = true;
    entry->result = entry->is_returned && result == PUBLISH_CONFIRMED ? PUBLISH_RETURNED : result;
    confirms->pending--;
    confirms->bytes_pending -= entry->bytes;
}

bool confirms_settle(struct confirms *confirms, uint64_t sequence, bool multiple,
                     enum publish_result result)
{
    assert(result == PUBLISH_CONFIRMED || result == PUBLISH_NACKED);
    if (sequence >= confirms->first_sequence + confirms->count || (sequence == 0 && !multiple)) {
        return false;
    }
    if (sequence == 0) {
        sequence = confirms->first_sequence + confirms->count - 1;
    }
    if (sequence < confirms->first_sequence) {
        return true; /* an earlier batch, which is settled: a confirm of several overlaps it */
    }
    size_t last = (size_t)(sequence - confirms->first_sequence);
    for (size_t i = multiple ? confirms->first_pending : last; i <= last; i++) {
        settle_one(confirms, i, result);
    }
    while (confirms->first_pending < confirms->count &&
           confirms->entries[confirms->first_pending].is_settled) {
        confirms->first_pending++;
    }
    return true;
}

void confirms_return(struct confirms *confirms, size_t index)
{
    assert(index < confirms->count);
    confirms->entries[index].is_returned = true;
}

bool confirms_is_returned(const struct confirms *confirms, size_t index)
{
    assert(index < confirms->count);
    return confirms->entries[index].is_returned;
}

size_t confirms_pending(const struct confirms *confirms)
{
    return confirms->pending;
}

size_t confirms_bytes_pending(const struct confirms *confirms)
{
    return confirms->bytes_pending;
}

enum publish_result confirms_result(const struct confirms *confirms, size_t index)
{
    assert(index < confirms->count);
    return confirms->entries[index].result;
}
