/* memory.h - memory from the heap, or the end of the process.
 *
 * Who gets none has nothing useful left to do, and loses nothing by ending: inputs are safe in the
 * broker, what is owed is in the store, and whoever started the process starts it again. So nothing
 * here returns NULL, no caller has a way of its own for it, and the process ends at once, with a
 * line on stderr and EXIT_SYSTEM. What comes from outside is bounded before it gets here. All is
 * the heap's, and goes back with free(). Any thread. */
#pragma once

#include <stddef.h>

/* Zeroed, for count things of so many bytes; an address even for none. */
void *memory_alloc(size_t count, size_t bytes) __attribute__((malloc, returns_nonnull));
/* Not zeroed; an address even for 0 bytes. */
void *memory_room(size_t bytes) __attribute__((malloc, returns_nonnull));
/* Takes `memory`, or NULL, and gives it back with room for count things; not zeroed. */
void *memory_grow(void *memory, size_t count, size_t bytes) __attribute__((returns_nonnull));
/* A copy of the text. */
char *memory_text(const char *text) __attribute__((malloc, returns_nonnull));
/* What a library has made, which is NULL only where it had no memory. */
void *memory_check(void *made) __attribute__((returns_nonnull));
