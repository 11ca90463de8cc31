/* wake.c - an eventfd that is written to wake and read to clear. */
#include "common/daemon/wake.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool wake_open(struct wake *wake)
{
    wake->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return wake->fd >= 0;
}

void wake_close(struct wake *wake)
{
    if (wake->fd >= 0)
        close(wake->fd);
    wake->fd = -1;
}

/* A full counter (EAGAIN) is readable already, which is all that is wanted. */
void wake_up(const struct wake *wake)
{
    int saved = errno;
    uint64_t one = 1;
    assert(wake->fd >= 0);
    ssize_t written = write(wake->fd, &one, sizeof one);
    (void)written;
    errno = saved;
}

void wake_clear(const struct wake *wake)
{
    uint64_t count;
    assert(wake->fd >= 0);
    ssize_t got = read(wake->fd, &count, sizeof count);
    (void)got; /* EAGAIN: it was clear */
}
