/* json.h - reads answers and writes what -o json prints. */
#pragma once

#include <cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Once, before anything is made: whatever cJSON makes is there from then on, or the process is
 * not (memory.h). */
void json_start(void);

/* What is absent or of another type is "" or `otherwise`. A number may come as text, as OTLP's
 * 64-bit ones do. */
const char *json_text(const cJSON *object, const char *key);
int64_t json_int(const cJSON *object, const char *key, int64_t otherwise);

/* A member is always there: NULL and "" are written as null, and so is the time 0. */
void json_put_text(cJSON *object, const char *key, const char *text);
void json_put_time(cJSON *object, const char *key, int64_t at_ms); /* RFC 3339, UTC */
/* As text, because not every 64-bit number is exact in a double. */
void json_put_int64(cJSON *object, const char *key, int64_t number);

/* Print and delete; set out for people, or one line. */
void json_print(FILE *out, cJSON *json);
void json_print_line(FILE *out, cJSON *json);
/* Whether --output asks for it; NULL: nothing was asked for. */
bool output_is_json(const char *output);
/* For CLEANUP. */
void json_free(cJSON **json);
