/* require.h - what must hold for each input of a fuzz target, in every build. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

/* Not assert: this must be checked in every build. */
#define REQUIRE(holds)                                                                             \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #holds);                            \
            abort();                                                                               \
        }                                                                                          \
    } while (0)
