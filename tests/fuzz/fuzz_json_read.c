/* Feeds any bytes to the JSON reader and checks what must hold for all of them. Built for libFuzzer
 * by clang (meson.build tells how); replay.c runs the committed corpus with any compiler. */
#include "common/json/json_read.h"
#include "common/json/json_write.h"
#include "tests/fuzz/require.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_MAX ((size_t)64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

struct target {
    char id[IDENT_SIZE];
    int64_t amount;
    char currency[CURRENCY_SIZE];
    char note[32];
    int64_t number;
    bool flag;
    struct json_span list;
};

static const struct json_field fields[] = {
    { "id", JSON_FIELD_IDENT, true, offsetof(struct target, id), 0 },
    { "amount", JSON_FIELD_AMOUNT, true, offsetof(struct target, amount), 0 },
    { "currency", JSON_FIELD_CURRENCY, false, offsetof(struct target, currency), 0 },
    { "note", JSON_FIELD_TEXT, false, offsetof(struct target, note), 32 },
    { "number", JSON_FIELD_INT, false, offsetof(struct target, number), 0 },
    { "flag", JSON_FIELD_BOOL, false, offsetof(struct target, flag), 0 },
    { "list", JSON_FIELD_SPAN, false, offsetof(struct target, list), 0 },
};
#define FIELD_COUNT (sizeof fields / sizeof fields[0])

static void check_problem(const struct json_problem *problem)
{
    REQUIRE(memchr(problem->pointer, '\0', sizeof problem->pointer) != NULL);
    REQUIRE(memchr(problem->detail, '\0', sizeof problem->detail) != NULL);
    REQUIRE(problem->detail[0] != '\0');
    REQUIRE(problem->pointer[0] == '\0' || problem->pointer[0] == '/');
    REQUIRE(!problem->is_unknown_field || (!problem->is_syntax && problem->pointer[0] == '/'));
    REQUIRE(problem->is_syntax || problem->pointer[0] == '/');
}

/* Every element counts: nested objects must be objects of their own, to the last one. */
static void check_array(const struct json_span *array)
{
    const char *cursor = NULL;
    struct json_span element;
    const char *before = array->at;
    while (json_array_next(array, &cursor, &element)) {
        REQUIRE(element.at > before && element.at + element.length < array->at + array->length);
        before = element.at + element.length;
        struct json_object object;
        struct json_problem problem;
        if (element.kind == JSON_OBJECT)
            REQUIRE(json_object_scan(element.at, element.length, &object, &problem));
        else if (element.kind == JSON_ARRAY)
            REQUIRE(element.at[0] == '[' && element.at[element.length - 1] == ']');
    }
}

static void rewrite_value(struct json_writer *writer, const char *key,
                          const struct json_span *value, char *scratch)
{
    if (value->kind != JSON_STRING) {
        json_write_raw(writer, key, value->at, value->length);
        return;
    }
    REQUIRE(json_string_copy(value, scratch, TEXT_BYTES_MAX + 1));
    REQUIRE(strlen(scratch) <= value->length);
    json_write_string(writer, key, scratch);
}

/* What was read, written again and read again, has the same members and the same text. */
static void check_rewrite(const struct json_object *object)
{
    size_t size = 6 * TEXT_BYTES_MAX + 1024;
    char *text = malloc(size);
    char *again = malloc(size);
    char *key = malloc(TEXT_BYTES_MAX + 1);
    char *scratch = malloc(TEXT_BYTES_MAX + 1);
    REQUIRE(text != NULL && again != NULL && key != NULL && scratch != NULL);
    struct json_object reread;
    size_t length = 0;
    for (int round = 0; round < 2; round++) {
        const struct json_object *from = round == 0 ? object : &reread;
        struct json_writer writer;
        json_write_init(&writer, round == 0 ? text : again, size);
        json_write_object_begin(&writer, NULL);
        for (size_t i = 0; i < from->count; i++) {
            REQUIRE(json_string_copy(&from->members[i].key, key, TEXT_BYTES_MAX + 1));
            rewrite_value(&writer, key, &from->members[i].value, scratch);
        }
        json_write_object_end(&writer);
        size_t written = json_write_finish(&writer);
        REQUIRE(written > 0 && (round == 0 || written == length));
        length = written;
        struct json_problem problem;
        if (round == 0)
            REQUIRE(json_object_scan(text, length, &reread, &problem));
    }
    REQUIRE(reread.count == object->count && memcmp(text, again, length) == 0);
    free(scratch);
    free(key);
    free(again);
    free(text);
}

static void check_target(const struct target *target)
{
    REQUIRE(ident_is_valid(target->id, strlen(target->id)));
    REQUIRE(target->amount >= 1 && target->amount <= MONEY_AMOUNT_MAX);
    REQUIRE(target->currency[0] == '\0' || money_currency_is_valid(target->currency, 3));
    REQUIRE(strlen(target->note) < sizeof target->note);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length > TEXT_BYTES_MAX)
        return 0;
    const char *text = (const char *)bytes;
    struct json_object object;
    struct json_problem problem;
    bool is_scanned = json_object_scan(text, length, &object, &problem);
    if (is_scanned) {
        REQUIRE(object.count <= JSON_MEMBERS_MAX);
        for (size_t i = 0; i < object.count; i++)
            check_array(&object.members[i].value);
        check_rewrite(&object);
    } else {
        check_problem(&problem);
    }
    for (int unknown = JSON_UNKNOWN_IGNORED; unknown <= JSON_UNKNOWN_REFUSED; unknown++) {
        struct target target = { 0 };
        bool is_read = json_read(text, length, fields, FIELD_COUNT, (enum json_unknown)unknown,
                                 &target, &problem);
        REQUIRE(is_scanned || !is_read);
        if (is_read)
            check_target(&target);
        else
            check_problem(&problem);
    }
    return 0;
}
