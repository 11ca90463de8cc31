/* audit_body.h - do two bodies under one message id say the same? Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* JSON objects of which each member that both have is equal, at every level: another release may
 * say more of the same. What is no object agrees with nothing. */
bool audit_bodies_agree(const char *one, size_t one_length, const char *other, size_t other_length);
