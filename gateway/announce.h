/* announce.h - what the gateway owes of what a client asked for, from the view alone, so that
 * announcing it again gives the same bytes. Pure. */
#pragma once

#include "common/saga/transition.h"

/* For the first time; remembers where it was owed. */
void gateway_announce_intent(const struct turn *turn);
void gateway_announce_cancel(const struct turn *turn);
void gateway_announce_intent_again(const struct turn *turn);
void gateway_announce_cancel_again(const struct turn *turn);
