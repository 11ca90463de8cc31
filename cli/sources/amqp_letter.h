/* amqp_letter.h - a message's properties and headers as text, and a dead one made ready to be sent
 * again. Private to the tap. Pure. */
#pragma once

#include "cli/sources/amqp_tap.h"

#include <amqp.h>

/* Everything but the tag. The body is borrowed from the message. */
void letter_read(const amqp_message_t *message, amqp_bytes_t exchange, amqp_bytes_t routing_key,
                 struct letter *ret_letter);

/* The original's properties without the marks of its death (roundtrip-*, x-*). Borrows from the
 * original and from the returned headers, to be freed by the caller. */
MUST_CHECK amqp_table_entry_t *letter_revive(const amqp_basic_properties_t *original,
                                             amqp_basic_properties_t *ret_properties);
