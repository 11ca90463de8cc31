/* exit_status.h - what the exit status of a program says; scripts and supervisors rely on it. The
 * last three are sysexits' numbers. Only the command line tells WRONG and NOT_FOUND apart; of every
 * other program 1 is EXIT_FAILURE. */
#pragma once

enum exit_status {
    EXIT_OK = 0,
    EXIT_WRONG = 1,        /* it was looked at, and something is not as it should be */
    EXIT_NOT_FOUND = 2,    /* no such booking, payment, trace or dead letter */
    EXIT_USAGE = 64,       /* the command line or the configuration is at fault */
    EXIT_UNAVAILABLE = 69, /* a service, the broker or a store does not answer */
    EXIT_SYSTEM = 71,      /* the machine has no memory for it: start it again */
};
