/* idempotency_key.h - the Idempotency-Key header (IETF draft): a Structured Field string, so
 * quoted (RFC 8941); the bare form is taken too. 1 to 255 visible ASCII characters, inside quotes
 * also the space. Blanks behind it are no part of it (RFC 9110, 5.5). Pure. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/ident.h"
#include "common/base/uuid.h"

#include <stdbool.h>

#define IDEMPOTENCY_KEY_SIZE 256

/* Both forms of one key give the same text. */
MUST_CHECK bool gateway_idempotency_key_read(const char *header,
                                             char ret_key[IDEMPOTENCY_KEY_SIZE]);

/* The booking id that this user's key stands for, for ever. Two users never meet on one key. */
void gateway_idempotency_key_booking_id(const char *user_id, const char *key,
                                        char ret_id[UUID_TEXT_SIZE]);
