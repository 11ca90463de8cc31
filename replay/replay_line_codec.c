/* replay_line_codec.c - a record with its service and columns as one line of canonical extended
 * JSON, and back. */
#include "replay/replay_line_codec.h"

#include "common/bson/bson_read.h"
#include "common/bson/bson_write.h"
#include "services/registry.h"

#include <assert.h>
#include <bson.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES_FIRST 512 /* beside the document */
#define COUNT_LINE_SIZE  80
#define COUNT_LINE_BEGIN "{ \"documents\" : { \"$numberLong\" : \""
#define COUNT_LINE_END   "\" } }"

bool replay_line_encode(const struct service_description *service, const struct record *record,
                        struct arena *arena, const char **ret_line)
{
    bson_t line;
    if (!bson_init_static(&line, record->body, record->body_length))
        return false;
    struct bson_output output;
    bson_write_begin(&output, arena, LINE_BYTES_FIRST + record->body_length);
    bson_write_text(&output, "service", service->name);
    bson_write_text(&output, "id", record->id);
    bson_write_int(&output, "version", record->version);
    bson_write_int(&output, "createdAt", record->created_at_ms);
    bson_write_int(&output, "dueAt", record->due_at_ms);
    bson_write_int(&output, "owedAt", record->owed_at_ms);
    bson_write_document(&output, "document", record->body, record->body_length);
    size_t length = 0;
    const uint8_t *bytes = bson_write_finish(&output, &length);
    if (!bson_init_static(&line, bytes, length))
        return false;
    char *json = bson_as_canonical_extended_json(&line, &length);
    *ret_line = json != NULL ? arena_text(arena, json, length) : NULL;
    bson_free(json);
    return *ret_line != NULL;
}

const char *replay_line_encode_count(int64_t count, struct arena *arena)
{
    char line[COUNT_LINE_SIZE];
    assert(count >= 0);
    int length = snprintf(line, sizeof line, COUNT_LINE_BEGIN "%" PRId64 COUNT_LINE_END, count);
    return arena_text(arena, line, (size_t)length);
}

bool replay_line_decode_count(const char *line, size_t length, int64_t *ret_count)
{
    const size_t begin = sizeof COUNT_LINE_BEGIN - 1;
    if (length <= begin || memcmp(line, COUNT_LINE_BEGIN, begin) != 0)
        return false;
    char *end = NULL;
    *ret_count = strtoll(line + begin, &end, 10);
    return *ret_count >= 0 && strncmp(end, COUNT_LINE_END, sizeof COUNT_LINE_END - 1) == 0;
}

static bool line_read(struct bson_fields *line, struct arena *arena,
                      const struct service_description **ret_service, struct record *record,
                      struct error *error)
{
    char name[IDENT_SIZE];
    struct bson_fields document;
    memset(record, 0, sizeof *record);
    *ret_service = bson_read_text(line, "service", name, sizeof name) ? service_find(name) : NULL;
    if (*ret_service == NULL || (*ret_service)->participant == NULL)
        return error_set(error, ERROR_REJECT,
                         "service must be one that has documents: roundtrip services");
    if (!bson_read_text(line, "id", record->id, sizeof record->id) ||
        !bson_read_int(line, "version", &record->version) || record->version <= 0 ||
        !bson_read_int(line, "createdAt", &record->created_at_ms) ||
        !bson_read_int(line, "dueAt", &record->due_at_ms) ||
        !bson_read_int(line, "owedAt", &record->owed_at_ms) ||
        !bson_read_document(line, "document", &document))
        return error_set(error, ERROR_REJECT,
                         "id, version, createdAt, dueAt, owedAt or document is missing or of "
                         "another type");
    record->body = arena_copy(arena, document.bytes, document.length);
    record->body_length = document.length;
    return true;
}

bool replay_line_decode(const char *line, size_t length, struct arena *arena,
                        const struct service_description **ret_service, struct record *ret_record,
                        struct error *error)
{
    bson_error_t why;
    bson_t *fields = bson_new_from_json((const uint8_t *)line, (ssize_t)length, &why);
    if (fields == NULL)
        return error_set(error, ERROR_REJECT, "not JSON: %.200s", why.message);
    struct bson_fields line_fields;
    bool is_read = bson_read_open(&line_fields, bson_get_data(fields), fields->len) &&
                   line_read(&line_fields, arena, ret_service, ret_record, error);
    bson_destroy(fields);
    return is_read;
}
