/* deliveries.c - slots and their order by tag: what may be taken together, what goes alone, and the
 * fewest acks for what is done. */
#include "common/rabbitmq/deliveries.h"

#include "common/base/memory.h"

#include <assert.h>
#include <stdlib.h>

struct deliveries {
    struct held slots[WINDOW_DELIVERIES_MAX];
    struct held *in_order[WINDOW_DELIVERIES_MAX]; /* complete, by tag */
    size_t count;
    size_t waiting;    /* of those */
    size_t out;        /* of those: taken, not settled */
    bool is_alone_out; /* the one that is out may kill the process */
    size_t orphans;
    size_t next_slot; /* slots are used in turn, so a stale pointer seldom meets a new delivery */
};

/* Every slot is counted once, and what goes alone is alone. */
static bool are_consistent(const struct deliveries *deliveries)
{
    return deliveries->waiting + deliveries->out <= deliveries->count &&
           deliveries->count + deliveries->orphans <= WINDOW_DELIVERIES_MAX &&
           (!deliveries->is_alone_out || deliveries->out == 1);
}

struct deliveries *deliveries_new(void)
{
    return memory_alloc(1, sizeof(struct deliveries));
}

static void held_clear(struct held *held)
{
    free(held->raw);
    free(held->body);
    held->raw = NULL;
    held->body = NULL;
    held->state = HELD_FREE;
}

struct deliveries *deliveries_free(struct deliveries *deliveries)
{
    if (deliveries != NULL) {
        for (size_t i = 0; i < WINDOW_DELIVERIES_MAX; i++)
            held_clear(&deliveries->slots[i]);
        free(deliveries);
    }
    return NULL;
}

struct held *deliveries_receive(struct deliveries *deliveries)
{
    assert(deliveries->next_slot < WINDOW_DELIVERIES_MAX);
    for (size_t i = 0; i < WINDOW_DELIVERIES_MAX; i++) {
        struct held *held = &deliveries->slots[deliveries->next_slot];
        deliveries->next_slot = (deliveries->next_slot + 1) % WINDOW_DELIVERIES_MAX;
        if (held->state == HELD_FREE) {
            *held = (struct held){ .state = HELD_RECEIVING };
            return held;
        }
    }
    return NULL;
}

bool deliveries_complete(struct deliveries *deliveries, struct held *held)
{
    assert(held->state == HELD_RECEIVING && deliveries->count < WINDOW_DELIVERIES_MAX);
    if (deliveries->count > 0 &&
        held->delivery.tag <= deliveries->in_order[deliveries->count - 1]->delivery.tag) {
        held_clear(held);
        return false;
    }
    held->state = HELD_WAITING;
    deliveries->waiting++;
    deliveries->in_order[deliveries->count++] = held;
    assert(are_consistent(deliveries));
    return true;
}

static void orphans_free(struct deliveries *deliveries)
{
    for (size_t i = 0; deliveries->orphans > 0 && i < WINDOW_DELIVERIES_MAX; i++) {
        if (deliveries->slots[i].state == HELD_ORPHANED) {
            held_clear(&deliveries->slots[i]);
            deliveries->orphans--;
        }
    }
    assert(deliveries->orphans == 0);
}

static void hand_out(struct deliveries *deliveries, struct held *held, struct delivery **ret)
{
    assert(held->state == HELD_WAITING && deliveries->waiting > 0);
    held->state = HELD_TAKEN;
    deliveries->waiting--;
    deliveries->out++;
    *ret = &held->delivery;
}

size_t deliveries_take(struct deliveries *deliveries, size_t limit,
                       struct delivery **ret_deliveries)
{
    assert(are_consistent(deliveries) && (ret_deliveries != NULL || limit == 0));
    orphans_free(deliveries);
    struct held *counted = NULL;
    size_t count = 0;
    if (deliveries->waiting == 0 || deliveries->is_alone_out || limit == 0)
        return 0;
    for (size_t i = 0; i < deliveries->count && count < limit && deliveries->waiting > 0; i++) {
        struct held *held = deliveries->in_order[i];
        if (held->state != HELD_WAITING)
            continue;
        if (held->delivery.delivery_count > 0)
            counted = counted != NULL ? counted : held;
        else if (counted != NULL && held->is_probe)
            break; /* came later, and such ones may come for ever */
        else
            hand_out(deliveries, held, &ret_deliveries[count++]);
    }
    if (counted != NULL && deliveries->out == 0) {
        deliveries->is_alone_out = true;
        hand_out(deliveries, counted, &ret_deliveries[count++]);
    }
    assert(are_consistent(deliveries));
    return count;
}

static struct held *slot_of(struct deliveries *deliveries, const struct delivery *delivery)
{
    uintptr_t first = (uintptr_t)&deliveries->slots[0].delivery;
    uintptr_t given = (uintptr_t)delivery;
    if (given < first || (given - first) % sizeof(struct held) != 0 ||
        (given - first) / sizeof(struct held) >= WINDOW_DELIVERIES_MAX)
        return NULL;
    return &deliveries->slots[(given - first) / sizeof(struct held)];
}

struct held *deliveries_find(struct deliveries *deliveries, const struct delivery *delivery)
{
    struct held *held = slot_of(deliveries, delivery);
    return held != NULL && held->state == HELD_TAKEN ? held : NULL;
}

struct held *deliveries_settle(struct deliveries *deliveries, const struct delivery *delivery)
{
    struct held *held = slot_of(deliveries, delivery);
    if (held == NULL)
        return NULL;
    if (held->state == HELD_ORPHANED) {
        held_clear(held);
        assert(deliveries->orphans > 0);
        deliveries->orphans--;
    }
    if (held->state != HELD_TAKEN)
        return NULL;
    held->state = HELD_DONE;
    assert(deliveries->out > 0);
    deliveries->out--;
    deliveries->is_alone_out = false;
    assert(are_consistent(deliveries));
    return held;
}

size_t deliveries_collect(struct deliveries *deliveries, struct ack *ret_acks)
{
    assert(are_consistent(deliveries) && ret_acks != NULL);
    size_t acks = 0, kept = 0;
    bool is_prefix = true;
    for (size_t i = 0; i < deliveries->count; i++) {
        struct held *held = deliveries->in_order[i];
        if (held->state != HELD_DONE) {
            is_prefix = false;
            deliveries->in_order[kept++] = held;
            continue;
        }
        if (!held->is_rejected) {
            /* Within the prefix each next one replaces the ack before it. */
            bool is_covering = is_prefix && acks > 0;
            size_t at = is_covering ? acks - 1 : acks++;
            ret_acks[at] = (struct ack){ held->delivery.tag, is_covering };
        }
        held_clear(held);
    }
    deliveries->count = kept;
    assert(are_consistent(deliveries));
    return acks;
}

void deliveries_end_session(struct deliveries *deliveries)
{
    for (size_t i = 0; i < WINDOW_DELIVERIES_MAX; i++) {
        struct held *held = &deliveries->slots[i];
        if (held->state == HELD_TAKEN) {
            held->state = HELD_ORPHANED;
            deliveries->orphans++;
        } else if (held->state != HELD_ORPHANED) {
            held_clear(held);
        }
    }
    deliveries->count = 0;
    deliveries->waiting = 0;
    deliveries->out = 0;
    deliveries->is_alone_out = false;
    assert(are_consistent(deliveries));
}

size_t deliveries_in_hand(const struct deliveries *deliveries)
{
    assert(deliveries->count <= WINDOW_DELIVERIES_MAX);
    return deliveries->count;
}
