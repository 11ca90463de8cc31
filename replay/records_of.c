/* records_of.c - the services by the names that exports and answers have for them. */
#include "replay/records_of.h"

const char *records_name(enum records_of which)
{
    static const char *const names[RECORDS_COUNT] = { "gateway", "booking", "payment" };
    return names[which];
}
