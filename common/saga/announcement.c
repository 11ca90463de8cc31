/* announcement.c - an announcement as it is stored. */
#include "common/saga/announcement.h"
#include "common/bson/bson_read.h"
#include "common/bson/bson_write.h"
#include "common/saga/decision.h"

#include <assert.h>

void announcement_write(struct bson_output *output, const char *key,
                        const struct announcement *announcement)
{
    assert(announcement->position >= ANNOUNCEMENT_NEVER &&
           announcement->position <= OWED_POSITION_MAX);
    bson_write_document_begin(output, key);
    bson_write_int(output, "version", announcement->version);
    bson_write_int(output, "position", announcement->position);
    bson_write_int(output, "at", announcement->at_ms);
    bson_write_end(output);
}

bool announcement_read(struct bson_fields *fields, const char *key,
                       struct announcement *ret_announcement)
{
    assert(fields->bytes != NULL);
    struct bson_fields part;
    return bson_read_document(fields, key, &part) &&
           bson_read_int(&part, "version", &ret_announcement->version) &&
           bson_read_int(&part, "position", &ret_announcement->position) &&
           ret_announcement->position >= ANNOUNCEMENT_NEVER &&
           ret_announcement->position <= OWED_POSITION_MAX &&
           bson_read_int(&part, "at", &ret_announcement->at_ms);
}
