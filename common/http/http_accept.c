/* http_accept.c - stands in for the C library's accept(), which is the only place where civetweb
 * can be stopped from spinning. */
#include "common/http/http_accept.h"

#include "common/base/clock.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define RESERVED_FDS 16  /* not for clients */
#define PAUSE_MS     100 /* the kernel keeps those who wait meanwhile */

/* What all listeners of the process share. */
static struct {
    atomic_int preferred_port;
    atomic_uint_least64_t refused;
    atomic_int_least64_t refused_ms;
} accepting;

void http_accept_prefer(int port)
{
    assert(port >= 0 && port <= UINT16_MAX);
    atomic_store(&accepting.preferred_port, port);
}

void http_accept_status_get(struct http_accept_status *ret_status)
{
    assert(ret_status != NULL);
    ret_status->refused = atomic_load(&accepting.refused);
    ret_status->since_ms = ret_status->refused > 0
                               ? clock_monotonic_ms() - atomic_load(&accepting.refused_ms)
                               : INT64_MAX;
}

static bool is_preferred(int listener)
{
    struct sockaddr_in address = { 0 };
    socklen_t size = sizeof address;
    return getsockname(listener, (struct sockaddr *)&address, &size) == 0 &&
           ntohs(address.sin_port) == atomic_load(&accepting.preferred_port);
}

/* The kernel gives the lowest number that is free. */
static bool is_of_the_last(int fd)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
           (rlim_t)fd + RESERVED_FDS >= limit.rlim_cur;
}

static void shortage_note(void)
{
    atomic_store(&accepting.refused_ms, clock_monotonic_ms());
    atomic_fetch_add(&accepting.refused, 1);
    (void)poll(NULL, 0, PAUSE_MS);
}

/* In the place of the C library's, for civetweb alone calls it here. */
int accept(int listener, __SOCKADDR_ARG address, socklen_t *restrict size)
{
    int fd = accept4(listener, address, size, SOCK_CLOEXEC);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
        shortage_note();
        errno = EAGAIN;
    } else if (fd >= 0 && is_of_the_last(fd) && !is_preferred(listener)) {
        close(fd);
        shortage_note();
        errno = EAGAIN;
        fd = -1;
    }
    return fd;
}
