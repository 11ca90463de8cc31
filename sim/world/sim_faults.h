/* sim_faults.h - what may go wrong in a schedule. */
#pragma once

/* What may go wrong: name, what it does, and how often (per 1000 chances) when it is on. */
#define SIM_FAULTS(X)                                                                              \
    X(FAULT_CRASH, "crash", 120)                /* of a step: at one of its port calls */          \
    X(FAULT_CONCURRENT, "concurrent", 90)       /* another worker steps within a port call */      \
    X(FAULT_DISCONNECT, "disconnect", 40)       /* the connection breaks */                        \
    X(FAULT_ACK_LOST, "ack_lost", 50)           /* and with it an ack */                           \
    X(FAULT_DUPLICATE, "duplicate", 120)        /* a message is routed twice */                    \
    X(FAULT_DELAY, "delay", 250)                /* and reaches its queue late */                   \
    X(FAULT_REORDER, "reorder", 300)            /* deliveries in any order */                      \
    X(FAULT_FLOOD, "flood", 6)                  /* or very often */                                \
    X(FAULT_HEADER, "header", 60)               /* its traceparent is garbled */                   \
    X(FAULT_LIMIT, "limit", 500)                /* given back too often: a dead letter */          \
    X(FAULT_FORGE, "forge", 60)                 /* comes again with another body */                \
    X(FAULT_BREAK, "break", 30)                 /* the connection breaks among publishes */        \
    X(FAULT_HALF_OPEN, "half_open", 8)          /* or only seems to be there */                    \
    X(FAULT_NACK, "nack", 60)                   /* routed or not */                                \
    X(FAULT_UNKNOWN, "unknown", 60)             /* no confirm, routed or not */                    \
    X(FAULT_CONFIRM_LATE, "confirm_late", 400)  /* not there when first asked for */               \
    X(FAULT_BLOCK, "block", 6)                  /* the broker takes nothing for a while */         \
    X(FAULT_TOPOLOGY, "topology", 5)            /* a queue is deleted */                           \
    X(FAULT_BINDING, "binding", 8)              /* a binding of several is lost */                 \
    X(FAULT_QUEUE_FULL, "queue_full", 8)        /* a queue takes nothing for a while */            \
    X(FAULT_PURGE, "purge", 5)                  /* a queue is emptied */                           \
    X(FAULT_WIPE, "wipe", 3)                    /* all of the broker is gone */                    \
    X(FAULT_BROKER_AWAY, "broker_away", 5)      /* nobody can connect for a while */               \
    X(FAULT_QUARANTINE, "quarantine", 300)      /* the dead letter queue does not take it */       \
    X(FAULT_RELEASE, "release", 60)             /* a worker is rolled forward, or back */          \
    X(FAULT_POISON, "poison", 15)               /* somebody publishes nonsense */                  \
    X(FAULT_LATER, "later", 400)                /* old messages and dead letters, weeks later */   \
    X(FAULT_STORE_CALL, "store_call", 40)       /* one call fails, applied or not */               \
    X(FAULT_STORE_UNKNOWN, "store_unknown", 60) /* one write unknown, applied or not */            \
    X(FAULT_STORE_AWAY, "store_away", 6)        /* a store is away for a while */                  \
    X(FAULT_STORE_READONLY, "readonly", 8)      /* a store answers reads and takes no write */     \
    X(FAULT_JUNK, "junk", 400)                  /* a store has documents that nobody can read */   \
    X(FAULT_RESTORE, "restore", 60)             /* payment's comes back from a backup */           \
    X(FAULT_PROVIDER, "provider", 400)          /* time-outs, 5xx, late or lost answers */         \
    X(FAULT_SLOW, "slow", 300)                  /* an answer comes just in time */                 \
    X(FAULT_SHUT, "shut", 6)                    /* the provider answers nobody for a while */      \
    X(FAULT_REFUSE, "refuse", 150)              /* the provider never refunds this payment */      \
    X(FAULT_ELSEWHERE, "elsewhere", 60)         /* refunded before, under another key */           \
    X(FAULT_BY_HAND, "by_hand", 60)             /* somebody refunds at the provider, or a part */  \
    X(FAULT_PARTS, "parts", 300)                /* in more parts than are kept */                  \
    X(FAULT_OVERPAID, "overpaid", 100)          /* more than was captured */                       \
    X(FAULT_PENDING, "pending", 300)            /* a refund is under way at first */               \
    X(FAULT_TAKEN_BACK, "taken_back", 200)      /* a refund fails after it succeeded */            \
    X(FAULT_KEYS_EXPIRE, "keys_expire", 500)    /* the provider forgets its keys soon */           \
    X(FAULT_EARLY, "early", 100)                /* a capture is announced before it is stored */   \
    X(FAULT_DEMAND, "demand", 20)               /* somebody demands too much back */               \
    X(FAULT_REPORTS, "reports", 400)            /* the provider also reports by webhook */         \
    X(FAULT_FREEZE, "freeze", 300)              /* of a step, while others go on */                \
    X(FAULT_BUSY, "busy", 100)                  /* no slot for an effect */                        \
    X(FAULT_SKEW, "skew", 500)                  /* of a worker's clock, when it is made */         \
    X(FAULT_CLOCK_STEP, "clock_step", 6)        /* a worker's clock jumps */                       \
    X(FAULT_JUMP, "jump", 20)                   /* a long time passes */                           \
    X(FAULT_CLIENT_GIVES_UP, "gives_up", 300)   /* a client does not ask again */

enum sim_fault {
#define X(name, text, rate) name,
    SIM_FAULTS(X)
#undef X
        FAULT_COUNT
};

const char *sim_fault_text(enum sim_fault fault); /* "crash" */
