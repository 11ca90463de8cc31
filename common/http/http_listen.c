/* http_listen.c - tries the address before civetweb does. */
#include "common/http/http_listen.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BIND_SETTING "ROUNDTRIP_HTTP_BIND"
#define PORT_SETTING "ROUNDTRIP_HTTP_PORT"

bool http_listen_probe(const struct http_server_options *options, struct error *error)
{
    assert(options->bind_address != NULL && options->port >= 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)options->port) };
    if (inet_pton(AF_INET, options->bind_address, &address.sin_addr) != 1)
        return error_set(error, ERROR_REJECT, "\"%s\" is no IPv4 address: set %s, 0.0.0.0 for all",
                         options->bind_address,
                         options->bind_setting != NULL ? options->bind_setting : BIND_SETTING);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_set(error, ERROR_RETRY, "http: socket: %s", strerror(errno));
    const int on = 1;
    bool is_free = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                   bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                   listen(fd, 1) == 0;
    int reason = errno;
    close(fd);
    if (is_free)
        return true;
    if (reason == EADDRINUSE)
        return error_set(error, ERROR_RETRY, "port %d is in use: set %s or stop the other process",
                         options->port,
                         options->port_setting != NULL ? options->port_setting : PORT_SETTING);
    return error_set(error, ERROR_RETRY, "cannot listen on %s:%d: %s", options->bind_address,
                     options->port, strerror(reason));
}
