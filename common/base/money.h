/* money.h - amounts and currencies. Money is an integer in minor units with an ISO 4217 code.
 * Amounts are 1 .. 999,999,999,999,999 (`[1-9][0-9]{0,14}`), exact in an IEEE double, so no
 * JSON library on the way can change one. No conversion, ever. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MONEY_AMOUNT_MAX INT64_C(999999999999999)
#define CURRENCY_SIZE    4

/* Digits only, no sign, no leading zero. */
bool money_amount_parse(const char *text, size_t length, int64_t *ret_amount);

/* Three capital letters of ISO 4217's active list, of those that have a minor unit (not XXX, XAU).
 */
bool money_currency_is_valid(const char *text, size_t length);

/* How many decimals people write: 0 for JPY, 3 for KWD, else mostly 2. Only for display. */
int money_currency_exponent(const char *currency);
