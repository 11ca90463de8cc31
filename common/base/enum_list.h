/* enum_list.h - what becomes of a list of an enum's values and their texts, an X-macro:
 *
 *     #define COLOURS(X) X(COLOUR_RED, "red") X(COLOUR_BLUE, "blue")
 *     enum colour { COLOURS(ENUM_VALUE) COLOUR_COUNT };
 *     static const char *const texts[] = { COLOURS(ENUM_TEXT) };
 *
 * A list may say more of each value, behind its text. */
#pragma once

#define ENUM_VALUE(value, ...)      value,
#define ENUM_TEXT(value, text, ...) [value] = text,
