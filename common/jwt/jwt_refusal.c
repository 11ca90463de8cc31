/* jwt_refusal.c - the names of the reasons, and their sentences. */
#include "common/jwt/jwt_refusal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

bool jwt_refuse(struct jwt_refusal *refusal, enum jwt_reason reason, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    refusal->reason = reason;
    (void)vsnprintf(refusal->detail, sizeof refusal->detail, format, values);
    va_end(values);
    return false;
}

const char *jwt_reason_name(enum jwt_reason reason)
{
    static const char *const names[] = {
#define X(reason, name) [reason] = (name),
        JWT_REASONS(X)
#undef X
    };
    _Static_assert(sizeof names / sizeof names[0] == JWT_REASON_COUNT, "each reason has a name");
    assert(reason < JWT_REASON_COUNT);
    return names[reason];
}
