/* sim_document.c - reads stored documents, as an outsider who knows their form. */
#include "sim/world/sim_document.h"
#include "common/bson/bson_read.h"
#include "common/saga/document.h"
#include "sim/world/sim_story.h"

#include <assert.h>
#include <string.h>

const struct memory_document *sim_document_find(const struct sim *sim, enum sim_service service,
                                                const char *id)
{
    return memory_store_find(&sim->stores[service].memory, id);
}

bool sim_document_state(struct sim *sim, enum sim_service service,
                        const struct memory_document *document, void *ret_state)
{
    struct record record = { .version = document->version,
                             .body = document->body,
                             .body_length = document->body_length };
    struct error error;
    memcpy(record.id, document->id, strlen(document->id) + 1);
    if (document_state_decode(&sim->newer[service], &record, ret_state, &error))
        return true;
    sim_fail(sim, "a stored document cannot be read: %s", error.message);
    return false;
}

bool sim_document_remembers(const struct memory_document *document, const char *input_id)
{
    struct bson_fields fields;
    struct bson_fields history;
    struct bson_fields entry;
    char id[MESSAGE_ID_SIZE];
    int count = 0;
    bool is_read = bson_read_open(&fields, document->body, document->body_length) &&
                   bson_read_array(&fields, "history", &history);
    assert(is_read);
    for (; bson_read_next(&history, &entry); count++)
        if (bson_read_text(&entry, "id", id, sizeof id) && strcmp(id, input_id) == 0)
            return true;
    return count >= HISTORY_DUPLICATES_MAX;
}

bool sim_document_owed(const uint8_t *body, size_t length,
                       bool (*each)(void *self, const char *message_id), void *self)
{
    struct bson_fields fields;
    struct bson_fields owed;
    struct bson_fields entry;
    char id[MESSAGE_ID_SIZE];
    if (!bson_read_open(&fields, body, length) || !bson_read_array(&fields, "owed", &owed))
        return false;
    while (bson_read_has_next(&owed))
        if (!bson_read_next(&owed, &entry) || !bson_read_text(&entry, "id", id, sizeof id) ||
            !each(self, id))
            return false;
    return true;
}

struct wanted {
    const char *message_id;
};

static bool is_other(void *self, const char *message_id)
{
    const struct wanted *wanted = self;
    return strcmp(wanted->message_id, message_id) != 0;
}

bool sim_document_owes(const uint8_t *body, size_t length, const char *message_id)
{
    struct wanted wanted = { message_id };
    return !sim_document_owed(body, length, is_other, &wanted);
}
