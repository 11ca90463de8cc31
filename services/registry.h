/* registry.h - the list of all services. The only one: whoever needs to know them walks it, scripts
 * by `roundtrip services -o json`. */
#pragma once

#include "common/saga/service.h"

/* In the order in which they start, ended by NULL: who is called or listened to comes first. */
extern const struct service_description *const services[];

/* NULL: there is none of that name. */
const struct service_description *service_find(const char *name);
