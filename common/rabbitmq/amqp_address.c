/* amqp_address.c - the broker's URL, and the TLS socket made from it. */
#include "common/base/memory.h"
#include "common/rabbitmq/amqp_bus.h"
#include "common/rabbitmq/amqp_link.h"

#include <amqp_ssl_socket.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CA_FILE_DEFAULT "/etc/ssl/certs/ca-certificates.crt"

/* Takes `name=value` when it is the parameter of that name. */
static bool parameter_take(const char *parameter, const char *name, const char **ret_value)
{
    size_t length = strlen(name);
    if (strncmp(parameter, name, length) != 0 || parameter[length] != '=' ||
        parameter[length + 1] == '\0')
        return false;
    *ret_value = parameter + length + 1;
    return true;
}

static bool parameters_read(struct amqp_address *address, char *query, struct error *error)
{
    char *rest = query;
    for (char *one = strsep(&rest, "&"); one != NULL; one = strsep(&rest, "&")) {
        if (!parameter_take(one, "cacertfile", &address->ca_file) &&
            !parameter_take(one, "certfile", &address->certificate_file) &&
            !parameter_take(one, "keyfile", &address->key_file)) {
            return error_set(error, ERROR_REJECT,
                             "AMQP URL: only the parameters cacertfile, certfile and keyfile are "
                             "known");
        }
    }
    if ((address->certificate_file == NULL) != (address->key_file == NULL))
        return error_set(error, ERROR_REJECT, "AMQP URL: certfile and keyfile belong together");
    return true;
}

bool amqp_address_init(struct amqp_address *address, const char *url, struct error *error)
{
    assert(url != NULL);
    *address = (struct amqp_address){ .url = memory_text(url),
                                      .text = memory_text(url),
                                      .ca_file = CA_FILE_DEFAULT };
    struct amqp_connection_info defaults;
    char *query = strchr(address->text, '?');
    if (query != NULL) {
        *query++ = '\0';
        if (!parameters_read(address, query, error))
            goto fail;
    }
    /* No part of the URL goes into the message: it holds a password. */
    if (amqp_parse_url(address->text, &address->info) != AMQP_STATUS_OK) {
        error_set(error, ERROR_REJECT,
                  "not an AMQP URL: expected amqp[s]://user:password@host:port/vhost");
        goto fail;
    }
    /* By the letter of the URI "host/" names the vhost "", which nobody has or means. */
    if (address->info.vhost[0] == '\0') {
        amqp_default_connection_info(&defaults);
        address->info.vhost = defaults.vhost;
    }
    return true;
fail:
    amqp_address_done(address);
    return false;
}

bool amqp_bus_url_check(const char *url, struct error *error)
{
    assert(url != NULL);
    struct amqp_address address;
    bool is_good = amqp_address_init(&address, url, error);
    if (is_good)
        amqp_address_done(&address);
    return is_good;
}

void amqp_address_done(struct amqp_address *address)
{
    free(address->url);
    free(address->text);
    *address = (struct amqp_address){ 0 };
}

amqp_socket_t *bus_tls_socket_new(const struct amqp_address *address, amqp_connection_state_t state,
                                  struct error *error)
{
    assert(address->ca_file != NULL && state != NULL);
    amqp_socket_t *socket = amqp_ssl_socket_new(state);
    if (socket == NULL) {
        error_set(error, ERROR_RETRY, "TLS cannot be set up");
        return NULL;
    }
    amqp_ssl_socket_set_verify_peer(socket, 1);
    amqp_ssl_socket_set_verify_hostname(socket, 1);
    if (amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) != AMQP_STATUS_OK) {
        error_set(error, ERROR_RETRY, "TLS 1.2 is not supported here");
        return NULL;
    }
    if (amqp_ssl_socket_set_cacert(socket, address->ca_file) != AMQP_STATUS_OK) {
        error_set(error, ERROR_REJECT, "cannot load the CA file %s", address->ca_file);
        return NULL;
    }
    if (address->certificate_file != NULL &&
        amqp_ssl_socket_set_key(socket, address->certificate_file, address->key_file) !=
            AMQP_STATUS_OK) {
        error_set(error, ERROR_REJECT, "cannot load the client certificate %s or its key",
                  address->certificate_file);
        return NULL;
    }
    return socket;
}
