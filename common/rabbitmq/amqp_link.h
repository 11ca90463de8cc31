/* amqp_link.h - one connection to the broker: opened, watched, dropped, opened again.
 *
 * rabbitmq-c recovers nothing by itself. Whoever meets an error drops the link, and opens it when
 * it is due: after an exponential delay with jitter. Every call is bounded: each request has a
 * time-out, and connecting happens on another thread (amqp_opening.h).
 * Internal to common/rabbitmq; one thread. AMQP 0-9-1. */
#pragma once

#include "common/base/attributes.h"
#include "common/base/error.h"

#include <amqp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_CONNECT_TIMEOUT_MS 2000
#define LINK_RPC_TIMEOUT_MS     3000
#define LINK_CLOSE_TIMEOUT_MS   500
#define LINK_RETRY_MIN_MS       100
#define LINK_RETRY_MAX_MS       5000
#define LINK_STABLE_MS          5000 /* lived that long: the next delay starts small again */
#define LINK_NAME_SIZE          80

struct opening;

/* Where the broker is. amqp[s]://user:password@host:port/vhost, and for amqps the parameters
 * ?cacertfile=FILE&certfile=FILE&keyfile=FILE, as RabbitMQ's own clients name them; file names are
 * taken literally. The members point into `text`. */
struct amqp_address {
    char *url; /* as it was given */
    char *text;
    struct amqp_connection_info info;
    const char *ca_file; /* the system's bundle unless given: rabbitmq-c loads no roots */
    const char *certificate_file, *key_file; /* NULL = no client certificate */
};
/* On failure (ERROR_REJECT, without a part of the URL, which holds a password) nothing is left to
 * free. */
MUST_CHECK bool amqp_address_init(struct amqp_address *address, const char *url,
                                  struct error *error);
void amqp_address_done(struct amqp_address *address);

/* A socket of `state`, not connected yet, that checks the broker's certificate and name. NULL on
 * failure. */
amqp_socket_t *bus_tls_socket_new(const struct amqp_address *address, amqp_connection_state_t state,
                                  struct error *error);

struct bus_link {
    const struct amqp_address *address;
    char name[LINK_NAME_SIZE]; /* shown by the broker as connection_name */
    int heartbeat_s;
    amqp_connection_state_t state; /* NULL = not connected */
    struct opening *opening;       /* is being connected; NULL = not */
    bool is_blocked;               /* by an alarm of the broker's */
    size_t write_bytes_max; /* this much the kernel takes although the broker reads nothing */
    int64_t opened_ms, due_ms;
    unsigned failures; /* in a row */
    uint64_t jitter;
    char why[ERROR_MESSAGE_BYTES]; /* it is not connected; "" at first */
};

/* The address is borrowed, the texts are copied. `purpose` ends the connection's name. */
void bus_link_init(struct bus_link *link, const struct amqp_address *address, const char *service,
                   const char *purpose, int heartbeat_s, uint64_t jitter_seed);
bool bus_link_is_due(const struct bus_link *link);
/* Begins to connect, or looks how it goes; waits for nothing. False: not connected (yet). */
MUST_CHECK bool bus_link_open(struct bus_link *link, struct error *error);
/* For who has nothing else to do: until it is connected or was refused. */
MUST_CHECK bool bus_link_open_waiting(struct bus_link *link, struct error *error);
/* Closes at once, without a word, and schedules the next try. Not while it is being connected; the
 * error is copied into `why`. */
void bus_link_drop(struct bus_link *link, const struct error *error);
/* Says goodbye, briefly. */
void bus_link_close(struct bus_link *link);

enum link_read {
    LINK_FRAME,   /* of a channel; valid until the next call */
    LINK_CONTROL, /* something of the connection itself was handled, as connection.blocked */
    LINK_NOTHING, /* nothing came in time */
    LINK_BROKEN,
};
/* Also sends the heartbeats that are due. timeout_ms may be 0. */
enum link_read bus_link_read(struct bus_link *link, amqp_frame_t *ret_frame, int64_t timeout_ms,
                             struct error *error);
/* What is sent while corked leaves together, in as few packets as it fits: the broker wakes up for
 * each. Nothing may be waited for before it is uncorked. */
void bus_link_cork(struct bus_link *link, bool is_corked);
/* Frames wait inside the library, where poll does not see them. */
bool bus_link_has_buffered(const struct bus_link *link);
/* Readable when there is something to do, also while it connects; -1 = there is nothing. */
int bus_link_fd(const struct bus_link *link);

/* The three shapes of failure of a request, and the one of a send, as our error.
 * ERROR_REJECT: the broker refuses it, and will again until somebody changes something. */
MUST_CHECK bool bus_reply_check(amqp_rpc_reply_t reply, const char *what, struct error *error);
MUST_CHECK bool bus_status_check(int status, const char *what, struct error *error);
/* A channel.close that came by itself. */
void bus_channel_close_text(const amqp_method_t *method, const char *what, struct error *error);

/* The library's type for bytes knows no const; it does not write through it. */
amqp_bytes_t bus_bytes(const void *at, size_t length);
