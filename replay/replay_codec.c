/* replay_codec.c - encodes both states and walks the BSON side by side to name the first field that
 * differs. */
#include "replay/replay_codec.h"

#include "common/bson/bson_write.h"

#include <bson.h>
#include <stdio.h>
#include <string.h>

#define STATE_BYTES_FIRST 1024

static void value_text(bson_iter_t *at, char text[REPLAY_TEXT_SIZE])
{
    bson_t one = BSON_INITIALIZER;
    BSON_APPEND_VALUE(&one, "v", bson_iter_value(at));
    char *json = bson_as_relaxed_extended_json(&one, NULL);
    /* "{ "v" : 12 }": only what stands between */
    size_t length = json != NULL ? strlen(json) : 0;
    const size_t before = strlen("{ \"v\" : ");
    const size_t after = strlen(" }");
    if (length > before + after)
        snprintf(text, REPLAY_TEXT_SIZE, "%.*s", (int)(length - before - after), json + before);
    else
        snprintf(text, REPLAY_TEXT_SIZE, "?");
    bson_free(json);
    bson_destroy(&one);
}

static bool parts_equal(const bson_t *stored, const bson_t *replayed, const char *path,
                        struct replay_finding *finding);

static bool part_of(const bson_iter_t *at, bson_t *ret_part)
{
    uint32_t length = 0;
    const uint8_t *bytes = NULL;
    if (BSON_ITER_HOLDS_DOCUMENT(at))
        bson_iter_document(at, &length, &bytes);
    else if (BSON_ITER_HOLDS_ARRAY(at))
        bson_iter_array(at, &length, &bytes);
    return bytes != NULL && bson_init_static(ret_part, bytes, length);
}

/* The iterators stand on a field each, or at the end: NULL. */
static bool fields_equal(bson_iter_t *stored, bson_iter_t *replayed, const char *path,
                         struct replay_finding *finding)
{
    char name[REPLAY_FIELD_SIZE];
    bson_t parts[2];
    snprintf(name, sizeof name, "%s.%s", path, bson_iter_key(stored != NULL ? stored : replayed));
    bool is_both = stored != NULL && replayed != NULL &&
                   strcmp(bson_iter_key(stored), bson_iter_key(replayed)) == 0;
    if (is_both && part_of(stored, &parts[0]) && part_of(replayed, &parts[1]))
        return parts_equal(&parts[0], &parts[1], name, finding);
    snprintf(finding->field, sizeof finding->field, "%s", name);
    snprintf(finding->stored, sizeof finding->stored, "nothing");
    snprintf(finding->replayed, sizeof finding->replayed, "nothing");
    if (stored != NULL)
        value_text(stored, finding->stored);
    if (replayed != NULL && (is_both || stored == NULL))
        value_text(replayed, finding->replayed);
    return is_both && strcmp(finding->stored, finding->replayed) == 0;
}

static bool parts_equal(const bson_t *stored, const bson_t *replayed, const char *path,
                        struct replay_finding *finding)
{
    bson_iter_t one;
    bson_iter_t other;
    if (!bson_iter_init(&one, stored) || !bson_iter_init(&other, replayed))
        return false;
    for (;;) {
        bool has_one = bson_iter_next(&one);
        bool has_other = bson_iter_next(&other);
        if (!has_one && !has_other)
            return true;
        if (!fields_equal(has_one ? &one : NULL, has_other ? &other : NULL, path, finding))
            return false;
    }
}

static bool state_write(const struct participant *participant, const void *state,
                        struct arena *arena, bson_t *ret_fields, struct error *error)
{
    struct bson_output output;
    size_t length;
    bson_write_begin(&output, arena, STATE_BYTES_FIRST);
    if (!participant->encode(state, &output, error))
        return false;
    const uint8_t *bytes = bson_write_finish(&output, &length);
    return bson_init_static(ret_fields, bytes, length);
}

bool replay_states_equal(const struct participant *participant, const void *stored,
                         const void *replayed, struct replay_finding *ret_finding)
{
    struct error error;
    struct arena arena = { 0 };
    bson_t one;
    bson_t other;
    bool is_equal = state_write(participant, stored, &arena, &one, &error) &&
                    state_write(participant, replayed, &arena, &other, &error);
    if (!is_equal) {
        snprintf(ret_finding->field, sizeof ret_finding->field, "state");
        snprintf(ret_finding->replayed, sizeof ret_finding->replayed, "%.*s",
                 (int)sizeof ret_finding->replayed - 1, error.message);
    } else if (!bson_equal(&one, &other)) {
        is_equal = false;
        (void)parts_equal(&one, &other, "state", ret_finding);
    }
    arena_done(&arena);
    return is_equal;
}
