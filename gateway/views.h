/* views.h - the gateway's answers as JSON. Pure; writes into the answer's own buffer. */
#pragma once

#include "common/http/http_server.h"
#include "common/json/json_write.h"
#include "common/saga/store_port.h"
#include "gateway/gateway.h"

#define GATEWAY_ETAG_SIZE   32
#define GATEWAY_CURSOR_SIZE (2 * (20 + 1 + IDENT_SIZE) + 1)

/* The 202 to an intent: a function of the request's content alone, so that a replay gets the same
 * bytes, whatever has become of the booking. */
void gateway_write_accepted(struct http_answer *answer, const char *booking_id,
                            const struct gateway_intent_request *intent);
void gateway_write_cancel(struct http_answer *answer, const char *booking_id,
                          const struct gateway_view *view);
void gateway_write_booking(struct http_answer *answer, const char *booking_id,
                           const struct gateway_view *view, const struct record *record);

/* A list: begin, one call for each booking, those that could not be read, end. */
void gateway_write_list_begin(struct json_writer *writer, struct http_answer *answer);
void gateway_write_list_item(struct json_writer *writer, const char *booking_id,
                             const struct gateway_view *view, const struct record *record);
void gateway_write_list_unreadable(struct json_writer *writer, const char *const *ids,
                                   size_t count);
void gateway_write_list_end(struct json_writer *writer, struct http_answer *answer,
                            const struct record *last, bool has_more);

void gateway_etag_write(int64_t version, char ret_text[GATEWAY_ETAG_SIZE]);

/* Cursors are opaque to clients: hex of "<created at>:<id>". */
void gateway_cursor_write(const struct record *record, char ret_text[GATEWAY_CURSOR_SIZE]);
MUST_CHECK bool gateway_cursor_read(const char *text, struct store_cursor *ret_cursor);
