/* freeze.h - stops a server in the middle of what it does. */
#pragma once

#include <sys/types.h>

/* SIGSTOP, and waits until it has come: a signal to a process is one to any of its threads, and
 * until that one runs the others go on. SIGCONT lets it go on. Bounded; ends the test. */
void process_freeze(pid_t pid);
