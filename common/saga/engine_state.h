/* engine_state.h - what an engine remembers between two steps, as a plain value: for who explores
 * all that can happen, and goes back to where it was again and again.
 *
 * A state may be copied, and given any number of times to the engine that it was taken from, whose
 * ports must by then say again what they said when it was taken (deliveries in hand at their
 * addresses, too). Its bytes are the engine's own; what can be asked of them stands here. For small
 * worlds: what is beyond the bounds below is asserted not to come. Pure; one thread. */
#pragma once

#include "common/saga/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENGINE_STATE_HELD_MAX    4 /* deliveries in hand */
#define ENGINE_STATE_CLEARS_MAX  4 /* documents whose confirmed messages are still stored */
#define ENGINE_STATE_REFUSED_MAX 2 /* kinds of messages that a queue refuses */
#define ENGINE_STATE_BYTES       1536
#define ENGINE_STATE_NUMBERS_MAX 64

struct engine_state {
    _Alignas(16) unsigned char bytes[ENGINE_STATE_BYTES];
};

/* Between two steps, with nothing on its way to the bus. */
void engine_state_take(const struct engine *engine, struct engine_state *ret_state);
/* Whatever became of the engine since, even if a step of it was never finished. */
void engine_state_give(struct engine *engine, const struct engine_state *state);

/* In the order in which it takes them up. */
size_t engine_state_held(const struct engine_state *state,
                         struct delivery *ret_held[ENGINE_STATE_HELD_MAX]);

/* What of a state has a say in what comes, but for the deliveries in hand: two states with the same
 * numbers go on alike. Times count from now_ms by the steady clock, and one that is over is just
 * over. Pauses and clocks only where asked for: where stores do not fail and clocks are not set
 * they would tell states apart that are the same. Returns how many. */
enum engine_state_parts { ENGINE_STATE_PAUSES = 1, ENGINE_STATE_CLOCKS = 2 };
size_t engine_state_numbers(const struct engine_state *state, unsigned parts, int64_t now_ms,
                            uint64_t ret_numbers[ENGINE_STATE_NUMBERS_MAX]);

/* When it tries again, by the steady clock, what it could not do; 0 = there is no such thing. With
 * owes: its store has documents that owe messages. */
int64_t engine_state_again_ms(const struct engine_state *state, bool owes);
