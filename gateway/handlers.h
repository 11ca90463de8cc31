/* handlers.h - what the files behind gateway_routes share. Private to them. */
#pragma once

#include "gateway/http.h"

/* `self` is a struct gateway_http. */
http_handler gateway_intent_post; /* requests.c */
http_handler gateway_cancel_post;
http_handler gateway_booking_get; /* queries.c */
http_handler gateway_bookings_get;

/* A problem about a booking; booking_id may be NULL. */
void gateway_problem(struct http_answer *answer, int status, const char *type, const char *detail,
                     const char *pointer, const char *booking_id);
void gateway_trace_header(struct http_answer *answer, const char *booking_id);
