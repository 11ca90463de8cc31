/* mongo_start.c - runs before main: mutes the driver, and removes its counters' file once it is
 * mapped. */
#include "common/mongodb/mongo_start.h"

#include <assert.h>
#include <mongoc/mongoc.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNTERS_NAME_SIZE 32

static void driver_mute(void)
{
    mongoc_log_set_handler(NULL, NULL);
}

/* The constructors of an executable run after those of its libraries, its preinit array before. */
__attribute__((section(".preinit_array"),
               used)) static void (*const driver_mute_first)(void) = driver_mute;

__attribute__((constructor)) static void counters_unlink(void)
{
    char name[COUNTERS_NAME_SIZE];
    snprintf(name, sizeof name, "/mongoc-%ld", (long)getpid());
    (void)shm_unlink(name); /* ENOENT: the driver had to do without */
}

void mongo_start(mongoc_log_func_t log)
{
    assert(log != NULL);
    mongoc_init(); /* only the first one counts; no mongoc_cleanup, others may still use it */
    mongoc_log_set_handler(log, NULL);
}
