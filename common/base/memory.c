/* memory.c - the C library's allocator, asked in one place: the only one that looks for NULL.
 * glibc gives an address for 0 bytes too. */
#include "common/base/memory.h"

#include "common/base/exit_status.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without exit's handlers: they may want memory, and other threads run on. */
static void *end(const char *what)
{
    fprintf(stderr, "%s: out of memory: %s\n", program_invocation_short_name, what);
    _Exit(EXIT_SYSTEM);
}

static void *got(void *memory, size_t count, size_t bytes)
{
    char what[80];
    if (memory != NULL)
        return memory;
    (void)snprintf(what, sizeof what, "%zu times %zu bytes", count, bytes);
    return end(what);
}

void *memory_alloc(size_t count, size_t bytes)
{
    return got(calloc(count, bytes), count, bytes);
}

void *memory_room(size_t bytes)
{
    return got(malloc(bytes), 1, bytes);
}

void *memory_grow(void *memory, size_t count, size_t bytes)
{
    assert(count > 0 && bytes > 0);
    return got(reallocarray(memory, count, bytes), count, bytes);
}

char *memory_text(const char *text)
{
    assert(text != NULL);
    return got(strdup(text), 1, strlen(text) + 1);
}

void *memory_check(void *made)
{
    return made != NULL ? made : end("a library has none");
}
