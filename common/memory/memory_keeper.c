/* memory_keeper.c - a keeper that copies into an arena. */
#include "common/memory/memory_keeper.h"

static const void *arena_keep(void *self, const void *bytes, size_t length)
{
    return arena_copy(self, bytes, length);
}

struct memory_keeper memory_keeper_arena(struct arena *arena)
{
    return (struct memory_keeper){ arena, arena_keep };
}
