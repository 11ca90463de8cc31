/* outlet_file.c - outlet.h's lines of JSON into a file or to standard output: one write a request,
 * reopened when the file was moved. */
#include "tracing/export/outlet.h"

#include "common/base/memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILE_MODE 0644

struct file_outlet {
    int fd;
    char *path;           /* NULL = standard output, which is not ours to close */
    bool has_broken_line; /* the disk was full: end that line before the next request */
};

static int file_open(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, FILE_MODE);
}

/* As logrotate leaves it: what the path names now is another file, or none. Where that cannot be
 * opened, the old one is written on. */
static void moved_reopen(struct file_outlet *file)
{
    struct stat named, held;
    if (file->path == NULL || fstat(file->fd, &held) != 0 ||
        (stat(file->path, &named) == 0 && named.st_ino == held.st_ino &&
         named.st_dev == held.st_dev))
        return;
    int fd = file_open(file->path);
    if (fd < 0)
        return;
    close(file->fd);
    file->fd = fd;
    file->has_broken_line = false;
}

static enum outlet_result file_send(void *self, const char *json, size_t length,
                                    struct outlet_answer *ret_answer)
{
    assert(length > 0);
    struct file_outlet *file = self;
    char line_feed[] = "\n";
    moved_reopen(file);
    struct iovec parts[] = {
        { .iov_base = line_feed, .iov_len = file->has_broken_line ? 1 : 0 },
        { .iov_base = NULL, .iov_len = length },
        { .iov_base = line_feed, .iov_len = 1 },
    };
    memcpy(&parts[1].iov_base, &json, sizeof json); /* iovec has no const; it is only read */
    ssize_t wanted = (ssize_t)(parts[0].iov_len + length + 1), written;
    do
        written = writev(file->fd, parts, 3);
    while (written < 0 && errno == EINTR);
    if (written == wanted) {
        file->has_broken_line = false;
        return OUTLET_SENT;
    }
    int failure = errno;
    file->has_broken_line = file->has_broken_line || written > 0;
    snprintf(ret_answer->message, sizeof ret_answer->message, "%s",
             written < 0 ? strerror(failure) : "only a part was written: is the disk full?");
    return OUTLET_FAILED;
}

static void file_free(void *self)
{
    struct file_outlet *file = self;
    if (file->path != NULL)
        close(file->fd);
    free(file->path);
    free(file);
}

static struct outlet outlet_make(int fd, const char *path)
{
    struct file_outlet *file = memory_alloc(1, sizeof *file);
    file->fd = fd;
    file->path = path != NULL ? memory_text(path) : NULL;
    return (struct outlet){ .self = file, .send = file_send, .free = file_free };
}

bool outlet_file_open(const char *path, struct outlet *ret_outlet, struct error *error)
{
    assert(path != NULL);
    int fd = file_open(path);
    if (fd < 0)
        return error_set(error, ERROR_REJECT, "cannot open %s: %s", path, strerror(errno));
    *ret_outlet = outlet_make(fd, path);
    return true;
}

struct outlet outlet_stdout(void)
{
    return outlet_make(STDOUT_FILENO, NULL);
}
