/* complain.c - one line on stderr, headed by the program's name. */
#include "cli/screen/complain.h"

#include <stdarg.h>
#include <stdio.h>

void complain(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs("roundtrip: ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
}
