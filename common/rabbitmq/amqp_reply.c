/* amqp_reply.c - what rabbitmq-c and the broker answer, turned into our error. */
#include "common/rabbitmq/amqp_link.h"

#include <assert.h>

/* The broker's text, without control characters: it ends up in logs and health answers. */
static bool refused(struct error *error, const char *what, uint16_t code, amqp_bytes_t text)
{
    char printable[ERROR_MESSAGE_BYTES];
    const unsigned char *bytes = text.bytes;
    size_t length = text.len < sizeof printable ? text.len : sizeof printable - 1;
    for (size_t i = 0; i < length; i++)
        printable[i] = bytes[i] >= ' ' && bytes[i] < 0x7f ? (char)bytes[i] : ' ';
    printable[length] = '\0';
    bool is_lasting = code == AMQP_ACCESS_REFUSED || code == AMQP_NOT_FOUND ||
                      code == AMQP_PRECONDITION_FAILED || code == AMQP_NOT_ALLOWED;
    return error_set(error, is_lasting ? ERROR_REJECT : ERROR_RETRY, "%s: broker refused: %u %s",
                     what, (unsigned)code, printable);
}

void bus_channel_close_text(const amqp_method_t *method, const char *what, struct error *error)
{
    assert(method != NULL && what != NULL);
    const amqp_channel_close_t *close = method->decoded;
    refused(error, what, close->reply_code, close->reply_text);
}

bool bus_status_check(int status, const char *what, struct error *error)
{
    assert(what != NULL && error != NULL);
    if (status == AMQP_STATUS_OK)
        return true;
    return error_set(error, ERROR_RETRY, "%s: %s", what, amqp_error_string2(status));
}

bool bus_reply_check(amqp_rpc_reply_t reply, const char *what, struct error *error)
{
    assert(what != NULL && error != NULL);
    switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
        return true;
    case AMQP_RESPONSE_NONE:
        return error_set(error, ERROR_RETRY, "%s: no reply", what);
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
        return error_set(error, ERROR_RETRY, "%s: %s", what,
                         amqp_error_string2(reply.library_error));
    case AMQP_RESPONSE_SERVER_EXCEPTION:
        break;
    }
    if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        bus_channel_close_text(&reply.reply, what, error);
        return false;
    }
    if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
        const amqp_connection_close_t *close = reply.reply.decoded;
        return refused(error, what, close->reply_code, close->reply_text);
    }
    return error_set(error, ERROR_RETRY, "%s: unexpected answer 0x%08x", what,
                     (unsigned)reply.reply.id);
}

amqp_bytes_t bus_bytes(const void *at, size_t length)
{
    assert(at != NULL || length == 0);
    union {
        const void *given;
        void *wanted;
    } borrowed = { .given = at };
    return (amqp_bytes_t){ .len = length, .bytes = borrowed.wanted };
}
