/* audit_facts.c - hash tables that join what was read by id; each entry is made when its id is
 * first named, by whomever. */
#include "audit/audit_facts.h"

#include "common/base/enum_list.h"
#include "common/base/hash.h"
#include "common/base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 64 /* a power of two, as every room */

const char *audit_booking_state_text(enum audit_booking_state state)
{
    static const char *const texts[] = { AUDIT_BOOKING_STATES(ENUM_TEXT) };
    return texts[state];
}

const char *audit_payment_state_text(enum audit_payment_state state)
{
    static const char *const texts[] = { AUDIT_PAYMENT_STATES(ENUM_TEXT) };
    return texts[state];
}

const char *audit_disposition_text(enum audit_disposition disposition)
{
    static const char *const texts[] = { AUDIT_DISPOSITIONS(ENUM_TEXT) };
    return texts[disposition];
}

/* Ids come from outside, but whoever floods a table of this process slows down only an audit. */
static uint64_t text_hash(const char *text)
{
    uint64_t hash = hash_text(text);
    return hash ^ hash >> 32;
}

/* Every entry begins with its id. */
static const char *entry_id(const void *entry)
{
    return *(const char *const *)entry;
}

static void **slot_find(const struct audit_table *table, const char *id)
{
    size_t at = (size_t)text_hash(id) & (table->room - 1);
    while (table->slots[at] != NULL && strcmp(entry_id(table->slots[at]), id) != 0)
        at = (at + 1) & (table->room - 1);
    return &table->slots[at];
}

static void table_grow(struct audit_table *table)
{
    struct audit_table grown = { .room = table->room > 0 ? 2 * table->room : ROOM_FIRST,
                                 .count = table->count };
    grown.slots = memory_alloc(grown.room, sizeof *grown.slots);
    for (size_t i = 0; i < table->room; i++)
        if (table->slots[i] != NULL)
            *slot_find(&grown, entry_id(table->slots[i])) = table->slots[i];
    free(table->slots);
    *table = grown;
}

/* *ret_is_new: the entry was made, with its id and nothing else. */
static void *entry_of(struct audit_facts *facts, struct audit_table *table, const char *id,
                      size_t size, bool *ret_is_new)
{
    if (2 * (table->count + 1) > table->room)
        table_grow(table);
    void **slot = slot_find(table, id);
    *ret_is_new = *slot == NULL;
    if (*ret_is_new) {
        *slot = arena_alloc(&facts->arena, size);
        *(const char **)*slot = arena_text(&facts->arena, id, strlen(id));
        table->count++;
    }
    return *slot;
}

void audit_facts_start(struct audit_facts *facts)
{
    memset(facts, 0, sizeof *facts);
}

void audit_facts_done(struct audit_facts *facts)
{
    free(facts->bookings.slots);
    free(facts->payments.slots);
    free(facts->names.slots);
    arena_done(&facts->arena);
    memset(facts, 0, sizeof *facts);
}

struct audit_booking *audit_booking_of(struct audit_facts *facts, const char *id)
{
    bool is_new;
    struct audit_booking *booking = entry_of(facts, &facts->bookings, id, sizeof *booking, &is_new);
    if (is_new) {
        if (facts->last_booking != NULL)
            facts->last_booking->next = booking;
        else
            facts->first_booking = booking;
        facts->last_booking = booking;
    }
    return booking;
}

struct audit_payment *audit_payment_of(struct audit_facts *facts, const char *id)
{
    bool is_new;
    struct audit_payment *payment = entry_of(facts, &facts->payments, id, sizeof *payment, &is_new);
    if (is_new) {
        if (facts->last_payment != NULL)
            facts->last_payment->next = payment;
        else
            facts->first_payment = payment;
        facts->last_payment = payment;
    }
    return payment;
}

const char *audit_name_of(struct audit_facts *facts, const char *name)
{
    bool is_new;
    if (name[0] == '\0')
        return NULL;
    return entry_id(entry_of(facts, &facts->names, name, sizeof name, &is_new));
}

void audit_listing_add(struct audit_facts *facts, struct audit_booking *booking,
                       struct audit_payment *payment, const struct audit_money *money,
                       enum audit_disposition disposition)
{
    struct audit_listing *listing = arena_alloc(&facts->arena, sizeof *listing);
    *listing = (struct audit_listing){ .booking = booking,
                                       .payment = payment,
                                       .next_of_booking = booking->own.listings,
                                       .next_of_payment = payment->listings,
                                       .money = *money,
                                       .disposition = disposition };
    booking->own.listings = listing;
    booking->own.listing_count++;
    payment->listings = listing;
}

const struct audit_listing *audit_listing_find(const struct audit_payment *payment,
                                               const struct audit_booking *booking)
{
    const struct audit_listing *listing = payment->listings;
    while (listing != NULL && listing->booking != booking)
        listing = listing->next_of_payment;
    return listing;
}

void audit_version_note(struct audit_facts *facts, int64_t number)
{
    facts->versions = hash_fold_number(facts->versions, (uint64_t)number) + 1;
}
