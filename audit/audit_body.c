/* audit_body.c - walks two JSON bodies side by side, member by member. */
#include "audit/audit_body.h"

#include <cJSON.h>

static bool values_agree(const cJSON *one, const cJSON *other);

static bool members_agree(const cJSON *one, const cJSON *other)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, one)
    {
        const cJSON *same = cJSON_GetObjectItemCaseSensitive(other, member->string);
        if (same != NULL && !values_agree(member, same))
            return false;
    }
    return true;
}

static bool elements_agree(const cJSON *one, const cJSON *other)
{
    const cJSON *same = other->child;
    if (cJSON_GetArraySize(one) != cJSON_GetArraySize(other))
        return false;
    for (const cJSON *element = one->child; element != NULL; element = element->next) {
        if (!values_agree(element, same))
            return false;
        same = same->next;
    }
    return true;
}

/* As deep as cJSON reads, which is bounded. */
static bool values_agree(const cJSON *one, const cJSON *other)
{
    if (cJSON_IsObject(one) && cJSON_IsObject(other))
        return members_agree(one, other);
    if (cJSON_IsArray(one) && cJSON_IsArray(other))
        return elements_agree(one, other);
    return cJSON_Compare(one, other, true);
}

bool audit_bodies_agree(const char *one, size_t one_length, const char *other, size_t other_length)
{
    cJSON *first = cJSON_ParseWithLength(one, one_length);
    cJSON *second = cJSON_ParseWithLength(other, other_length);
    bool agree = cJSON_IsObject(first) && cJSON_IsObject(second) && members_agree(first, second);
    cJSON_Delete(first);
    cJSON_Delete(second);
    return agree;
}
