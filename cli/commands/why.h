/* why.h - why a booking is not over yet, in one line. Pure. */
#pragma once

#include "cli/sources/dossier.h"

#define WHY_SIZE 400

/* Writes what it waits for, since when, until when, and what would move it; "" when it is over. */
void why_write(const struct dossier *dossier, int64_t now_ms, char ret_text[WHY_SIZE]);
