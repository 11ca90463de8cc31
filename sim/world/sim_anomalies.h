/* sim_anomalies.h - what can go wrong with orders, money, processes, the broker, a database and
 * time, one entry each, and which of them a schedule has really met.
 *
 * An entry counts only where it is seen to happen (a decision, a crash at a certain place, a report
 * of the provider), never because a fault was switched on. docs/proof.md says which entries are out
 * of the simulator's reach and what tests those. Private to the world. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SIM_ANOMALIES(X)                                                                           \
    X(A1, "an intent, then its payment")                                                           \
    X(A2, "a payment, then its intent")                                                            \
    X(A3, "two workers decide about one booking at once")                                          \
    X(A4, "a payment whose intent never comes")                                                    \
    X(A5, "an intent after its time was up")                                                       \
    X(A6, "an intent whose payment never comes")                                                   \
    X(A7, "a payment after the booking's end")                                                     \
    X(A8, "a demand for a refund before the capture is stored")                                    \
    X(A9, "a message delivered twice")                                                             \
    X(A10, "a message id used again with another body")                                            \
    X(A11, "the same payment under another message id")                                            \
    X(A12, "a message delivered again weeks later")                                                \
    X(A13, "a refund reported before it was demanded")                                             \
    X(A14, "an outcome late or twice at the gateway")                                              \
    X(A15, "a repeat of a booking that waits")                                                     \
    X(A16, "two gateways are asked for one booking at once")                                       \
    X(B1, "two payments for one booking")                                                          \
    X(B2, "one payment for two bookings")                                                          \
    X(B3, "a payment of another amount")                                                           \
    X(B4, "a payment of the same digits in another currency")                                      \
    X(B5, "a stranger pays")                                                                       \
    X(B6, "a second intent with other content")                                                    \
    X(B7, "a second intent with other content after the end")                                      \
    X(B8, "a cancel against a payment")                                                            \
    X(B9, "a deadline against a payment")                                                          \
    X(B10, "an amount or currency that cannot be")                                                 \
    X(B11, "a second capture of one payment with another amount")                                  \
    X(B12, "several payments before the intent")                                                   \
    X(B13, "more payments than a booking stores")                                                  \
    X(B14, "a decline for good")                                                                   \
    X(B15, "a decline of a stranger, or of nobody")                                                \
    X(B16, "a payment after a declined try")                                                       \
    X(B17, "before the intent more payments than a booking stores")                                \
    X(B18, "a payer who pays although strangers had taken all places")                             \
    X(B19, "a stranger's cancel before the owner's, where no intent is known")                     \
    X(B20, "different captures of one booking by a caller without payment ids")                    \
    X(C1, "a refund demanded twice")                                                               \
    X(C2, "a refund call without an answer")                                                       \
    X(C3, "a crash between the provider's refund and our knowing it")                              \
    X(C4, "a transient error of the provider")                                                     \
    X(C5, "a refund refused for good")                                                             \
    X(C5b, "an answer that says nothing of the payment")                                           \
    X(C5c, "more refunds than can be asked for at once")                                           \
    X(C6, "a payment refunded before under another key")                                           \
    X(C6b, "already refunded, and the refund is not named")                                        \
    X(C7, "a demand above what was captured")                                                      \
    X(C8, "a refund reported by the API and by webhook")                                           \
    X(C9, "a refund that fails after it succeeded")                                                \
    X(C10, "several refunds of one payment that add up to it")                                     \
    X(C10b, "a part is back, and the rest is asked for")                                           \
    X(C10c, "a refund that failed, made again under the next key")                                 \
    X(C10d, "a late duplicate about an earlier refund")                                            \
    X(C10e, "more back than was captured")                                                         \
    X(C10f, "more refunds of one payment than are kept")                                           \
    X(C10g, "a refund that failed, heard of before the capture")                                   \
    X(C10h, "a refund under way by hand when it is demanded")                                      \
    X(C11, "a late retry after the provider forgot the key")                                       \
    X(C12, "a failed booking without a payment")                                                   \
    X(D1, "a crash before the commit")                                                             \
    X(D2, "a crash between commit and publish")                                                    \
    X(D3, "a crash between publish and confirm")                                                   \
    X(D4, "a crash after the confirm, the outbox not cleared")                                     \
    X(D5, "a crash between the last write and the ack")                                            \
    X(D6, "an intent stored, its answer lost")                                                     \
    X(D7, "one message published by two workers")                                                  \
    X(D8, "a batch saved in part")                                                                 \
    X(D9, "a worker restarts while its twin works")                                                \
    X(D10, "a worker resumes with a stale version")                                                \
    X(D11, "a sweep meets an error of the database")                                               \
    X(D12, "a batch saved while the one before is on its way")                                     \
    X(D13, "a crash with one batch on its way and the next one saved")                             \
    X(E1, "a connection breaks with unconfirmed publishes")                                        \
    X(E2, "a publish nacked, or its confirm missing")                                              \
    X(E3, "a publish returned")                                                                    \
    X(E4, "a queue deleted with messages in it")                                                   \
    X(E5, "a delivery settled after its channel is gone")                                          \
    X(E6, "a channel closed while deliveries are held")                                            \
    X(E7, "the database away while messages wait")                                                 \
    X(E8, "a poison message among sound ones")                                                     \
    X(E9, "the dead-letter queue refuses a letter")                                                \
    X(E10, "a dead letter replayed twice")                                                         \
    X(E11, "a request while the broker takes nothing")                                             \
    X(E13, "a half-open connection")                                                               \
    X(E14, "the broker's data wiped")                                                              \
    X(E15, "the topology missing at a reconnect")                                                  \
    X(E16, "one queue of several full")                                                            \
    X(E16b, "one binding of several lost")                                                         \
    X(E17, "one side of an engine flooded while another waits")                                    \
    X(E18, "an announcement to be made again while nothing can be published")                      \
    X(F1, "a write applied that reports an error")                                                 \
    X(F3, "a write that fails and is tried again")                                                 \
    X(F6, "a decision upon a version that has moved on")                                           \
    X(F7, "one document contended for again and again")                                            \
    X(F9, "a refund that a restored store has forgotten")                                          \
    X(F10, "a flood of duplicates")                                                                \
    X(F11, "a store that reads and does not write")                                                \
    X(F12, "a document that a newer release has stored")                                           \
    X(F14, "documents that nobody can read, due before those that wait")                           \
    X(G1, "a worker with a wrong clock decides")                                                   \
    X(G2, "a deadline early, late or twice")                                                       \
    X(G3, "a deadline lost in a crash")                                                            \
    X(G4, "a deadline that passed while payments wait in the queue")                               \
    X(G5, "a payment captured before the deadline, delivered after it")                            \
    X(G6, "a clock set ahead or back while something waits")                                       \
    X(H1, "a message that cannot be read")                                                         \
    X(H2, "a message of an unknown type or version, for which no newer release comes")             \
    X(H3, "a known message with one field more, as another release writes it")                     \
    X(H6, "a message with a malformed traceparent")

enum sim_anomaly {
#define X(id, text) ANOMALY_##id,
    SIM_ANOMALIES(X)
#undef X
        ANOMALY_COUNT
};

#define ANOMALY_WORDS ((ANOMALY_COUNT + 63) / 64)

struct anomaly_set {
    uint64_t words[ANOMALY_WORDS];
};

struct sim;
void anomaly_reached(struct sim *sim, enum sim_anomaly anomaly);

const char *anomaly_id(enum sim_anomaly anomaly);   /* "B5" */
const char *anomaly_text(enum sim_anomaly anomaly); /* what it is */
/* Adds one to the counter of each entry of the set. */
void anomaly_count(const struct anomaly_set *set, uint64_t counts[ANOMALY_COUNT]);
