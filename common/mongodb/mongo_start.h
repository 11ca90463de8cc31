/* mongo_start.h - what the MongoDB driver does to a process before main, and how it is undone.
 *
 * Debian builds libmongoc with a constructor that puts its counters into /dev/shm/mongoc-PID. A
 * process that dies by kill -9 leaves that file; the next process with its number cannot make its
 * own and says so in plain text on stderr, in the middle of what programs read there. So each
 * program that is linked with this file mutes the driver until mongo_start, and removes the
 * file's name as soon as the driver has it mapped: mongoc-stat cannot find the counters, nothing
 * is left behind. */
#pragma once

#include <mongoc/mongoc.h>

/* Any thread, any number of times. From here on the driver logs to `log`. */
void mongo_start(mongoc_log_func_t log);
