/* announce.c - the two messages that the gateway owes. They are built from the view alone,
 * so an announcement made again is the same, byte by byte. */
#include "gateway/announce.h"
#include "events/gateway_events.h"
#include "gateway/gateway.h"

#include <string.h>

static struct event_intent_created intent_said(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    const struct gateway_intent *intent = &view->intent;
    struct event_intent_created said = { .amount = intent->amount,
                                         .created_at_ms = intent->created_at_ms };
    memcpy(said.intent_id, turn->input->document_id, sizeof said.intent_id);
    memcpy(said.user_id, intent->user_id, sizeof said.user_id);
    memcpy(said.currency, intent->currency, sizeof said.currency);
    return said;
}

static struct event_cancel_requested cancel_said(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    const struct gateway_cancel *cancel = &view->cancel;
    struct event_cancel_requested said = { .requested_at_ms = cancel->requested_at_ms };
    memcpy(said.intent_id, turn->input->document_id, sizeof said.intent_id);
    memcpy(said.user_id, cancel->user_id, sizeof said.user_id);
    return said;
}

static void announce(const struct turn *turn, const struct event *event, const void *said,
                     struct gateway_announced *ret_announced)
{
    struct announcement first;
    event_owe(event, said, turn->input->document_id, turn->decision, &first);
    *ret_announced = (struct gateway_announced){ first.version, first.position };
}

static void announce_again(const struct turn *turn, const struct event *event, const void *said,
                           const struct gateway_announced *announced, int64_t at_ms)
{
    const struct announcement first = { announced->version, announced->position, at_ms };
    event_owe_again(event, said, turn->input->document_id, turn->decision, &first);
}

void gateway_announce_intent(const struct turn *turn)
{
    struct gateway_view *view = turn->state;
    const struct event_intent_created said = intent_said(turn);
    announce(turn, &event_intent_created, &said, &view->intent.announced);
}

void gateway_announce_cancel(const struct turn *turn)
{
    struct gateway_view *view = turn->state;
    const struct event_cancel_requested said = cancel_said(turn);
    announce(turn, &event_cancel_requested, &said, &view->cancel.announced);
}

void gateway_announce_intent_again(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    const struct event_intent_created said = intent_said(turn);
    announce_again(turn, &event_intent_created, &said, &view->intent.announced,
                   view->intent.created_at_ms);
}

void gateway_announce_cancel_again(const struct turn *turn)
{
    const struct gateway_view *view = turn->state;
    const struct event_cancel_requested said = cancel_said(turn);
    announce_again(turn, &event_cancel_requested, &said, &view->cancel.announced,
                   view->cancel.requested_at_ms);
}
