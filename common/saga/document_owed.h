/* document_owed.h - a document's body with nothing owed: what a store that cannot change a field in
 * place writes when it clears. Pure, apart from memory. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The body with an empty array for `owed`, its other fields untouched and in their order. The
 * caller frees it; NULL: that is no BSON. */
uint8_t *document_owed_drop(const uint8_t *body, size_t length, size_t *ret_length);
