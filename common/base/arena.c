/* arena.c - a list of blocks, filled one after the other; ASan is told which of their bytes are in
 * use. */
#include "common/base/arena.h"

#include "common/base/memory.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_UNDER_ASAN 1
#endif
#endif

/* What was cleared stays mapped, so only these marks let ASan see a use of it. */
#ifdef ARENA_UNDER_ASAN
#include <sanitizer/asan_interface.h>
#define FORBID(at, bytes) ASAN_POISON_MEMORY_REGION((at), (bytes))
#define ALLOW(at, bytes)  ASAN_UNPOISON_MEMORY_REGION((at), (bytes))
#else
#define FORBID(at, bytes) ((void)(at), (void)(bytes))
#define ALLOW(at, bytes)  ((void)(at), (void)(bytes))
#endif

#define BLOCK_BYTES ((size_t)64 * 1024)
#define ALIGNMENT   alignof(max_align_t)

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

static struct arena_block *block_new(size_t size)
{
    struct arena_block *block = memory_room(sizeof *block + size);
    block->next = NULL;
    block->size = size;
    block->used = 0;
    FORBID(block->bytes, size);
    return block;
}

/* The next block that has room: a kept one, or a new one put in front of the kept ones. */
static struct arena_block *block_find(struct arena *arena, size_t bytes)
{
    struct arena_block *current = arena->current;
    if (current != NULL && current->size - current->used >= bytes)
        return current;
    struct arena_block *next = current != NULL ? current->next : NULL;
    if (next == NULL || next->size < bytes) {
        struct arena_block *block = block_new(bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES);
        block->next = next;
        if (current != NULL)
            current->next = block;
        else
            arena->first = block;
        next = block;
    }
    arena->current = next;
    return next;
}

void *arena_room(struct arena *arena, size_t bytes)
{
    assert(bytes <= SIZE_MAX / 2);
    size_t rounded = bytes == 0 ? ALIGNMENT : (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct arena_block *block = block_find(arena, rounded);
    unsigned char *at = block->bytes + block->used;
    block->used += rounded;
    ALLOW(at, bytes);
    return at;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    assert(arena != NULL);
    return memset(arena_room(arena, bytes), 0, bytes);
}

void *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
    assert(bytes != NULL || length == 0);
    void *copy = arena_room(arena, length);
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
    assert(text != NULL || length == 0);
    char *copy = arena_room(arena, length + 1);
    if (length > 0)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

void arena_clear(struct arena *arena)
{
    for (struct arena_block *block = arena->first; block != NULL; block = block->next) {
        FORBID(block->bytes, block->size);
        block->used = 0;
    }
    arena->current = arena->first;
}

void arena_done(struct arena *arena)
{
    struct arena_block *block = arena->first;
    while (block != NULL) {
        struct arena_block *next = block->next;
        ALLOW(block->bytes, block->size);
        free(block);
        block = next;
    }
    arena->first = NULL;
    arena->current = NULL;
}
