/* json.c - a missing member reads as "" or a default; 64-bit numbers are also read as strings, as
 * OTLP writes them. */
#include "cli/screen/json.h"

#include "common/base/memory.h"
#include "common/base/rfc3339.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 24

void json_start(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){ .malloc_fn = memory_room, .free_fn = free });
}

const char *json_text(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    return text != NULL ? text : "";
}

int64_t json_int(const cJSON *object, const char *key, int64_t otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (cJSON_IsString(item)) { /* OTLP's form of 64-bit numbers */
        char *end;
        long long value = strtoll(item->valuestring, &end, 10);
        return end != item->valuestring && *end == '\0' ? value : otherwise;
    }
    /* Every amount is exact in a double; beyond 2^53 nothing else is a number here. */
    if (!cJSON_IsNumber(item) || item->valuedouble > 9e15 || item->valuedouble < -9e15)
        return otherwise;
    return (int64_t)item->valuedouble;
}

void json_put_text(cJSON *object, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0')
        cJSON_AddStringToObject(object, key, text);
    else
        cJSON_AddNullToObject(object, key);
}

void json_put_time(cJSON *object, const char *key, int64_t at_ms)
{
    char text[RFC3339_SIZE] = "";
    if (at_ms > 0)
        rfc3339_write_ms(at_ms, text);
    json_put_text(object, key, text);
}

void json_put_int64(cJSON *object, const char *key, int64_t number)
{
    char text[NUMBER_SIZE];
    snprintf(text, sizeof text, "%" PRId64, number);
    cJSON_AddStringToObject(object, key, text);
}

static void text_put(FILE *out, cJSON *json, char *text)
{
    if (text != NULL) {
        fputs(text, out);
        fputc('\n', out);
    }
    cJSON_free(text);
    cJSON_Delete(json);
}

void json_print(FILE *out, cJSON *json)
{
    text_put(out, json, cJSON_Print(json));
}

void json_print_line(FILE *out, cJSON *json)
{
    text_put(out, json, cJSON_PrintUnformatted(json));
}

void json_free(cJSON **json)
{
    cJSON_Delete(*json);
    *json = NULL;
}

bool output_is_json(const char *output)
{
    return output != NULL && strcmp(output, "json") == 0;
}
