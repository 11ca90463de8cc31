/* json_scan.c - json_read.h's first half: one pass that refuses what is no JSON or could be read in
 * two ways, with bounds on depth and members. */
#include "common/base/attributes.h"
#include "common/json/json_text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Places are 32 bits wide so that a scan fits into a web server's small stack. */
struct place {
    uint32_t offset;
    uint32_t length;
};

/* An object or array that is open. A key is compared with at most 63 others, so the work is bounded
 * by 63 times the length of the text. */
struct level {
    bool is_object;
    size_t key_count;
    struct place keys[JSON_MEMBERS_MAX];
};

enum expected { EXPECT_FIRST_KEY, EXPECT_KEY, EXPECT_FIRST_VALUE, EXPECT_VALUE, EXPECT_COMMA };

struct scan {
    const char *text;
    const char *at;
    const char *end;
    enum expected expected;
    size_t depth;
    struct level levels[JSON_DEPTH_MAX];
    struct json_object *object; /* what the caller gets: depth 1 */
    struct json_problem *problem;
    bool has_bad_number; /* told in problem, unless the syntax turns out to be broken too */
};

static void problem_set(struct json_problem *problem, bool is_syntax)
{
    memset(problem, 0, sizeof *problem);
    problem->is_syntax = is_syntax;
}

static bool refuse_at(struct scan *scan, const char *at, const char *reason)
{
    problem_set(scan->problem, true);
    snprintf(scan->problem->detail, sizeof scan->problem->detail, "byte %zu: %s",
             (size_t)(at - scan->text) + 1, reason);
    return false;
}

static bool refuse(struct scan *scan, const char *reason)
{
    return refuse_at(scan, scan->at, reason);
}

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
        scan->at++;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_number_char(char c)
{
    return is_digit(c) || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
}

static const char *digits_skip(const char *at, const char *end)
{
    while (at < end && is_digit(*at))
        at++;
    return at;
}

/* RFC 8259, section 6. */
static bool number_is_valid(const char *at, const char *end)
{
    if (at < end && *at == '-')
        at++;
    const char *digits = at;
    at = digits_skip(at, end);
    if (at == digits || (*digits == '0' && at - digits > 1))
        return false;
    if (at < end && *at == '.') {
        digits = ++at;
        at = digits_skip(at, end);
        if (at == digits)
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        digits = at;
        at = digits_skip(at, end);
        if (at == digits)
            return false;
    }
    return at == end;
}

/* The value of a member of the outermost object has been read up to scan->at. */
static void member_end(struct scan *scan, const char *at, enum json_kind kind)
{
    if (scan->depth != 1)
        return;
    const char *end = kind == JSON_STRING ? scan->at - 1 : scan->at;
    scan->object->members[scan->object->count - 1].value =
        (struct json_span){ .at = at, .length = (size_t)(end - at), .kind = kind };
}

static bool scan_number(struct scan *scan)
{
    const char *start = scan->at;
    while (scan->at < scan->end && is_number_char(*scan->at))
        scan->at++;
    if (!number_is_valid(start, scan->at)) {
        static const char reason[] = "this is not how JSON writes a number";
        if (scan->depth != 1)
            return refuse_at(scan, start, reason);
        if (!scan->has_bad_number) {
            problem_set(scan->problem, false);
            json_text_point_to(&scan->object->members[scan->object->count - 1].key,
                               scan->problem->pointer);
            snprintf(scan->problem->detail, sizeof scan->problem->detail, "%s", reason);
            scan->has_bad_number = true;
        }
    }
    member_end(scan, start, JSON_NUMBER);
    return true;
}

static bool scan_word(struct scan *scan, const char *word, enum json_kind kind)
{
    const char *start = scan->at;
    size_t length = strlen(word);
    if ((size_t)(scan->end - start) < length || memcmp(start, word, length) != 0)
        return refuse(scan, "a JSON value is expected here");
    scan->at += length;
    member_end(scan, start, kind);
    return true;
}

static bool scan_text(struct scan *scan, struct json_span *ret_text)
{
    const char *start = scan->at + 1;
    const char *refused_at;
    const char *reason;
    const char *quote = json_text_scan(start, scan->end, &refused_at, &reason);
    if (quote == NULL)
        return refuse_at(scan, refused_at, reason);
    *ret_text =
        (struct json_span){ .at = start, .length = (size_t)(quote - start), .kind = JSON_STRING };
    scan->at = quote + 1;
    return true;
}

static bool scan_open(struct scan *scan, bool is_object)
{
    if (scan->depth == JSON_DEPTH_MAX)
        return refuse(scan, "nested too deep");
    if (scan->depth == 1)
        scan->object->members[scan->object->count - 1].value =
            (struct json_span){ .at = scan->at, .kind = is_object ? JSON_OBJECT : JSON_ARRAY };
    struct level *level = &scan->levels[scan->depth++];
    level->is_object = is_object;
    level->key_count = 0;
    scan->at++;
    scan->expected = is_object ? EXPECT_FIRST_KEY : EXPECT_FIRST_VALUE;
    return true;
}

static void scan_close(struct scan *scan)
{
    assert(scan->depth > 0);
    scan->at++;
    scan->depth--;
    scan->expected = EXPECT_COMMA;
    if (scan->depth == 1) {
        struct json_span *value = &scan->object->members[scan->object->count - 1].value;
        value->length = (size_t)(scan->at - value->at);
    }
}

static bool refuse_repeated(struct scan *scan, const struct json_span *key)
{
    refuse_at(scan, key->at, "this key stands twice in its object (case does not count)");
    if (scan->depth == 1)
        json_text_point_to(key, scan->problem->pointer);
    return false;
}

/* By their first bytes, of whichever case, as most keys do: seen without a call for each pair. */
static bool begins_otherwise(const struct json_span *one, const struct json_span *other)
{
    return one->length > 0 && other->length > 0 && *one->at != '\\' && *other->at != '\\' &&
           ((*one->at ^ *other->at) & ~('a' ^ 'A')) != 0;
}

static bool key_add(struct scan *scan, const struct json_span *key)
{
    struct level *level = &scan->levels[scan->depth - 1];
    if (level->key_count == JSON_MEMBERS_MAX)
        return refuse_at(scan, key->at, "too many members in one object");
    for (size_t i = 0; i < level->key_count; i++) {
        struct json_span earlier = { .at = scan->text + level->keys[i].offset,
                                     .length = level->keys[i].length };
        if (!begins_otherwise(&earlier, key) && json_text_equals_folded(&earlier, key))
            return refuse_repeated(scan, key);
    }
    level->keys[level->key_count++] = (struct place){ .offset = (uint32_t)(key->at - scan->text),
                                                      .length = (uint32_t)key->length };
    if (scan->depth == 1)
        scan->object->members[scan->object->count++].key = *key;
    return true;
}

static bool scan_key(struct scan *scan)
{
    struct json_span key;
    if (*scan->at != '"')
        return refuse(scan, "a key in quotes is expected here");
    if (!scan_text(scan, &key) || !key_add(scan, &key))
        return false;
    skip_space(scan);
    if (scan->at == scan->end || *scan->at != ':')
        return refuse(scan, "a colon is expected here");
    scan->at++;
    scan->expected = EXPECT_VALUE;
    return true;
}

static bool scan_value(struct scan *scan)
{
    scan->expected = EXPECT_COMMA;
    char first = *scan->at;
    if (first == '{' || first == '[')
        return scan_open(scan, first == '{');
    if (first == '"') {
        struct json_span text;
        if (!scan_text(scan, &text))
            return false;
        member_end(scan, text.at, JSON_STRING);
        return true;
    }
    if (first == 't')
        return scan_word(scan, "true", JSON_BOOL);
    if (first == 'f')
        return scan_word(scan, "false", JSON_BOOL);
    if (first == 'n')
        return scan_word(scan, "null", JSON_NULL);
    if (is_number_char(first) && first != 'e' && first != 'E')
        return scan_number(scan);
    return refuse(scan, "a JSON value is expected here");
}

static bool scan_comma(struct scan *scan)
{
    bool is_object = scan->levels[scan->depth - 1].is_object;
    if (*scan->at != ',')
        return refuse(scan, is_object ? "a comma or } is expected here"
                                      : "a comma or ] is expected here");
    scan->at++;
    scan->expected = is_object ? EXPECT_KEY : EXPECT_VALUE;
    return true;
}

/* scan->at stands at a byte that is no space, inside an open object or array. */
static bool scan_step(struct scan *scan)
{
    bool is_object = scan->levels[scan->depth - 1].is_object;
    bool may_close = scan->expected == EXPECT_COMMA || scan->expected == EXPECT_FIRST_KEY ||
                     scan->expected == EXPECT_FIRST_VALUE;
    if (may_close && *scan->at == (is_object ? '}' : ']')) {
        scan_close(scan);
        return true;
    }
    if (scan->expected == EXPECT_COMMA)
        return scan_comma(scan);
    if (scan->expected == EXPECT_FIRST_KEY || scan->expected == EXPECT_KEY)
        return scan_key(scan);
    return scan_value(scan);
}

static bool scan_all(struct scan *scan)
{
    if (scan->end - scan->at >= 3 && memcmp(scan->at, "\xef\xbb\xbf", 3) == 0)
        return refuse(scan, "a byte order mark is not allowed");
    skip_space(scan);
    if (scan->at == scan->end)
        return refuse(scan, "a JSON object is expected, and there is nothing");
    if (*scan->at != '{')
        return refuse(scan, "a JSON object is expected here");
    if (!scan_open(scan, true))
        return false;
    while (scan->depth > 0) {
        skip_space(scan);
        if (scan->at == scan->end)
            return refuse(scan, "the text ends too early");
        if (!scan_step(scan))
            return false;
    }
    skip_space(scan);
    if (scan->at < scan->end)
        return refuse(scan, "something follows the object");
    assert(scan->object->count == scan->levels[0].key_count);
    return !scan->has_bad_number;
}

bool json_object_scan(const char *text, size_t length, struct json_object *ret,
                      struct json_problem *problem)
{
    assert(text != NULL && ret != NULL && problem != NULL);
    if (length == 0)
        text = "";
    SCRATCH struct scan scan;
    scan.text = text;
    scan.at = text;
    scan.end = text + length;
    scan.depth = 0;
    scan.object = ret;
    scan.problem = problem;
    scan.has_bad_number = false;
    ret->count = 0;
    if (length > UINT32_MAX)
        return refuse(&scan, "the text is too long");
    return scan_all(&scan);
}
