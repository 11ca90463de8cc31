/* replay_line_codec.h - stored documents as lines of text, for a file of them. Pure. */
#pragma once

#include "common/saga/document.h"
#include "common/saga/service.h"

/* One document a line, in MongoDB's canonical extended JSON: {service, id, version, createdAt,
 * dueAt, owedAt, document}. False: the stored document is damaged. */
MUST_CHECK bool replay_line_encode(const struct service_description *service,
                                   const struct record *record, struct arena *arena,
                                   const char **ret_line);
/* What an export ends with: {documents}, how many there were, so that a file that was cut is known.
 */
const char *replay_line_encode_count(int64_t count, struct arena *arena);
/* False: it is no such line. It ends in NUL or a newline. */
bool replay_line_decode_count(const char *line, size_t length, int64_t *ret_count);
/* ERROR_REJECT: not such a line. The record's body is in the arena. */
MUST_CHECK bool replay_line_decode(const char *line, size_t length, struct arena *arena,
                                   const struct service_description **ret_service,
                                   struct record *ret_record, struct error *error);
