/* memory_keeper.h - where the fakes of this folder keep bytes: they never change any, and they give
 * none back, so that a state of them may be copied by its pointers. The keeper's owner says how
 * long it all lives. */
#pragma once

#include "common/base/arena.h"

#include <stddef.h>

struct memory_keeper {
    void *self;
    /* Bytes that equal these, aligned for anything, for as long as the keeper lives. */
    const void *(*keep)(void *self, const void *bytes, size_t length);
};

struct memory_keeper memory_keeper_arena(struct arena *arena); /* until the arena is cleared */
