/* document.h - a document in memory and its BSON form: a participant's state, the messages that it
 * owes the world, and a bounded history of decisions. Pure; borrows its memory from an arena. */
#pragma once

#include "common/base/arena.h"
#include "common/bson/bson_keep.h"
#include "common/bson/bson_read.h"
#include "common/saga/message.h"
#include "common/saga/participant.h"
#include "common/saga/store_port.h"

#define OWED_MAX               64 /* messages that one document may owe at a time */
#define HISTORY_MAX            48 /* decisions remembered; beyond it they are counted */
#define HISTORY_DUPLICATES_MAX 16

struct history_entry {
    int64_t at_ms;
    char input_type[MESSAGE_TYPE_SIZE];
    char input_id[MESSAGE_ID_SIZE];
    uint64_t fingerprint;
    char verdict[16];
    char state_from[24], state_to[24];
    /* What a replay needs. */
    int64_t version;   /* of the document that this decision was saved in; 0 = not kept */
    int64_t schema;    /* the newest that the release which decided it has known */
    int64_t due_at_ms; /* of the state after it; 0 = none */
    uint64_t sent;     /* decision_fingerprint() */
    bool is_repeat;
    const uint8_t *content; /* by content_codec.h; in the arena or in the record; NULL = none */
    size_t content_length;
};

struct document {
    char id[IDENT_SIZE];
    int64_t version; /* as loaded; 0 = new */
    int64_t created_at_ms;
    int64_t started_at_ms; /* when the first message about it was sent; not after created_at_ms */
    int64_t owed_at_ms;
    void *state; /* participant->state_size bytes */
    struct message *owed[OWED_MAX];
    size_t owed_count;
    /* As it was stored, for what this code does not know of it; bytes NULL: nothing is stored. */
    struct bson_fields stored_body;
    struct bson_kept kept_state, kept_owed;
    /* Entries of earlier versions, as they were saved: a BSON array in the record. The engine only
     * hands them on; document_history_decode() turns them into entries. */
    struct bson_fields stored_history;
    size_t stored_count;
    struct history_entry *history; /* those that follow */
    size_t history_count, history_room;
    int64_t history_dropped; /* counted beyond the bound */
};

/* A new document; what it is comes with document_decode, its state too. */
struct document *document_new(struct arena *arena, const struct participant *participant,
                              const char *id);
/* A new document's first inputs say when it began. Not more than a day before it was created:
 * a clock far off must not look like a long wait. */
#define DOCUMENT_STARTED_BEFORE_MS_MAX (INT64_C(24) * 3600 * 1000)
void document_started(struct document *document, int64_t sent_at_ms);
/* Adds an entry; beyond the bound it is only counted. Unchanged states (duplicates, refusals) may
 * use no more than HISTORY_DUPLICATES_MAX entries, so that transitions always find room. False:
 * only counted. */
bool document_remember(struct document *document, struct arena *arena,
                       const struct history_entry *entry, bool is_changed);
/* True when the input's message id is remembered with another body: one in which something that
 * this participant reads says something else. What it does not read means nothing to it. */
bool document_contradicts(const struct document *document, const struct participant *participant,
                          const struct input *input, struct arena *arena);
/* When the deadline that it has was set; 0: not remembered. */
int64_t document_due_since(const struct document *document, int64_t due_at_ms);
bool document_owes(const struct document *document, const char *message_id);
/* ERROR_BUG: the stored document breaks an invariant. ERROR_NEWER: a newer release has stored it in
 * a form that this code does not know. */
MUST_CHECK bool document_decode(struct document *document, const struct participant *participant,
                                const struct record *record, struct arena *arena,
                                struct error *error);
/* For readers: every entry is in `history` then. Call it before anything is remembered. */
MUST_CHECK bool document_history_decode(struct document *document, struct arena *arena,
                                        struct error *error);
/* When the deadline that the stored document has was set: since then it waits. 0 = its history does
 * not tell. */
int64_t document_due_since_ms(const struct document *document);
/* Only the state of a stored record, for readers. */
MUST_CHECK bool document_state_decode(const struct participant *participant,
                                      const struct record *record, void *ret_state,
                                      struct error *error);
MUST_CHECK bool document_encode(const struct document *document,
                                const struct participant *participant, struct arena *arena,
                                struct record *ret_record, struct error *error);
