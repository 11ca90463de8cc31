/* arena.h - memory that lives as long as one batch.
 *
 * Allocate many, free all at once with arena_clear, which keeps the blocks for the next batch: a
 * steady load allocates nothing. One owner, one thread. Out of memory ends the process
 * (memory.h). */
#pragma once

#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *first;
    struct arena_block *current;
};

void *arena_alloc(struct arena *arena, size_t bytes); /* zeroed, aligned for anything */
void *arena_room(struct arena *arena, size_t bytes);  /* the same, but not zeroed */
void *arena_copy(struct arena *arena, const void *bytes, size_t length);
char *arena_text(struct arena *arena, const char *text, size_t length); /* copy with final NUL */
void arena_clear(struct arena *arena); /* everything is free again, the blocks are kept */
void arena_done(struct arena *arena);  /* gives the blocks back */
