/* confirms.c - a ring of the last messages by number, and the first of them that is still pending.
 * */
#include "common/rabbitmq/confirms.h"

#include <assert.h>

void confirms_reset(struct confirms *confirms)
{
    confirms->next = 1;
    confirms->first_pending = 1;
    confirms->bytes_pending = 0;
}

static size_t place_of(const struct confirms *confirms, uint64_t number)
{
    assert(number > 0 && number < confirms->next && confirms->next - number <= CONFIRMS_MAX);
    return (size_t)(number % CONFIRMS_MAX);
}

uint64_t confirms_add(struct confirms *confirms, size_t bytes)
{
    assert(confirms->next - confirms->first_pending < CONFIRMS_MAX);
    uint64_t number = confirms->next++;
    confirms->entries[place_of(confirms, number)] =
        (struct confirms_entry){ .bytes = bytes, .result = PUBLISH_UNKNOWN };
    confirms->bytes_pending += bytes;
    return number;
}

static void settle_one(struct confirms *confirms, uint64_t number, enum publish_result result)
{
    struct confirms_entry *entry = &confirms->entries[place_of(confirms, number)];
    if (entry->is_settled)
        return;
    assert(confirms->bytes_pending >= entry->bytes);
    entry->is_settled = true;
    entry->result = entry->is_returned && result == PUBLISH_CONFIRMED ? PUBLISH_RETURNED : result;
    confirms->bytes_pending -= entry->bytes;
}

bool confirms_settle(struct confirms *confirms, uint64_t number, bool multiple,
                     enum publish_result result)
{
    assert(result == PUBLISH_CONFIRMED || result == PUBLISH_NACKED);
    if (number >= confirms->next || (number == 0 && !multiple))
        return false;
    uint64_t last = number == 0 ? confirms->next - 1 : number;
    if (last < confirms->first_pending)
        return true; /* settled already: a confirm of several overlaps it */
    for (uint64_t i = multiple ? confirms->first_pending : last; i <= last; i++)
        settle_one(confirms, i, result);
    while (confirms->first_pending < confirms->next &&
           confirms->entries[place_of(confirms, confirms->first_pending)].is_settled)
        confirms->first_pending++;
    assert(confirms->first_pending < confirms->next || confirms->bytes_pending == 0);
    return true;
}

void confirms_return(struct confirms *confirms, uint64_t number)
{
    confirms->entries[place_of(confirms, number)].is_returned = true;
}

bool confirms_is_returned(const struct confirms *confirms, uint64_t number)
{
    return confirms->entries[place_of(confirms, number)].is_returned;
}

bool confirms_is_pending_before(const struct confirms *confirms, uint64_t number)
{
    assert(confirms->first_pending <= confirms->next);
    return confirms->first_pending < confirms->next && confirms->first_pending < number;
}

size_t confirms_bytes_pending(const struct confirms *confirms)
{
    assert(confirms->first_pending < confirms->next || confirms->bytes_pending == 0);
    return confirms->bytes_pending;
}

enum publish_result confirms_result(const struct confirms *confirms, uint64_t number)
{
    return confirms->entries[place_of(confirms, number)].result;
}
