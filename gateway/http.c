/* http.c - the route table, and the two things that every answer about a booking has: its
 * trace id and its problems. */
#include "gateway/handlers.h"

void gateway_problem(struct http_answer *answer, int status, const char *type, const char *detail,
                     const char *pointer, const char *booking_id)
{
    char trace[33];
    struct http_problem problem = {
        .status = status, .type = type, .detail = detail, .pointer = pointer
    };
    if (booking_id != NULL) {
        tracing_booking_trace_hex(booking_id, trace);
        problem.intent_id = booking_id;
        problem.trace_id = trace;
    }
    http_answer_problem(answer, &problem);
}

void gateway_trace_header(struct http_answer *answer, const char *booking_id)
{
    char trace[33];
    tracing_booking_trace_hex(booking_id, trace);
    http_answer_header(answer, "X-Trace-Id", trace);
}

void gateway_routes(struct gateway_http *http, struct http_route ret_routes[GATEWAY_ROUTE_COUNT])
{
    const struct http_route routes[GATEWAY_ROUTE_COUNT] = {
        { "POST", "/booking/intent", true, gateway_intent_post, http },
        { "GET", "/booking/{id}", false, gateway_booking_get, http },
        { "POST", "/booking/{id}/cancel", false, gateway_cancel_post, http },
        { "GET", "/bookings", false, gateway_bookings_get, http },
    };
    for (size_t i = 0; i < GATEWAY_ROUTE_COUNT; i++)
        ret_routes[i] = routes[i];
}
