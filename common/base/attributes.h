/* attributes.h - the compiler attributes that this code uses. gcc and clang. */
#pragma once

#define MUST_CHECK                        __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, values_at) __attribute__((format(printf, format_at, values_at)))
/* Runs fn(&variable) when the variable leaves its scope. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))
/* A large array on the stack that is written before it is read. Without it the compiler zeroes it
 * at every call (-ftrivial-auto-var-init), which costs more than what most calls do with it. */
#define SCRATCH __attribute__((uninitialized))
