/* document_claim.c - document_contradicts(): is this input what its message id has said before? */
#include "common/saga/content_codec.h"
#include "common/saga/document.h"
#include "common/saga/input.h"

#include <assert.h>
#include <string.h>

/* What an input says, beside what is remembered of its message id. */
struct claim {
    const struct input *input;
    const struct participant *participant;
    struct arena *arena;
    bool is_agreed, is_denied; /* by an entry; one message may have made several */
};

/* Of an entry with the same message id; `said` without bytes: it did not keep what it said. Other
 * bytes may say the same: another release knows one field more, or writes them in another order. */
static bool entry_agrees(const struct claim *claim, uint64_t fingerprint, const char *type,
                         struct bson_fields said)
{
    assert(fingerprint != 0 && claim->input->fingerprint != 0);
    if (fingerprint == claim->input->fingerprint)
        return true;
    const struct content_form *form =
        content_form_find(claim->participant->contents, claim->input->type_name);
    if (form != NULL && form->field_count == 0) /* nothing of it is read */
        return strcmp(type, claim->input->type_name) == 0;
    struct bson_fields content;
    size_t length;
    const uint8_t *bytes =
        content_encode(claim->participant->contents, claim->input, claim->arena, &length);
    if (strcmp(type, claim->input->type_name) != 0 || said.bytes == NULL || bytes == NULL ||
        !bson_read_open(&content, bytes, length))
        return false;
    return !content_contradicts(said, content);
}

static void entry_compare(struct claim *claim, uint64_t fingerprint, const char *type,
                          struct bson_fields said)
{
    if (fingerprint == 0)
        return;
    bool agrees = entry_agrees(claim, fingerprint, type, said);
    claim->is_agreed |= agrees;
    claim->is_denied |= !agrees;
}

static void made_compare(struct claim *claim, const struct history_entry *entry)
{
    struct bson_fields said = { .bytes = NULL };
    bool is_kept =
        entry->content != NULL && bson_read_open(&said, entry->content, entry->content_length);
    if (!is_kept)
        said.bytes = NULL;
    if (strcmp(entry->input_id, claim->input->id) == 0)
        entry_compare(claim, entry->fingerprint, entry->input_type, said);
}

static void stored_compare(struct claim *claim, struct bson_fields *fields)
{
    struct bson_fields said = { .bytes = NULL };
    char id[MESSAGE_ID_SIZE];
    char type[MESSAGE_TYPE_SIZE];
    int64_t fingerprint;
    if (bson_read_text(fields, "id", id, sizeof id) && strcmp(id, claim->input->id) == 0 &&
        bson_read_int(fields, "fingerprint", &fingerprint) &&
        bson_read_text(fields, "input", type, sizeof type) &&
        (!bson_read_has(fields, "content") || bson_read_document(fields, "content", &said)))
        entry_compare(claim, (uint64_t)fingerprint, type, said);
}

bool document_contradicts(const struct document *document, const struct participant *participant,
                          const struct input *input, struct arena *arena)
{
    assert(document->stored_count + document->history_count <= HISTORY_MAX);
    struct claim claim = { .input = input, .participant = participant, .arena = arena };
    struct bson_fields entries = document->stored_history;
    struct bson_fields fields;
    if (input->fingerprint == 0)
        return false;
    for (size_t i = 0; i < document->history_count; i++)
        made_compare(&claim, &document->history[i]);
    for (size_t i = 0; i < document->stored_count; i++)
        if (bson_read_next(&entries, &fields))
            stored_compare(&claim, &fields);
    return claim.is_denied && !claim.is_agreed;
}
