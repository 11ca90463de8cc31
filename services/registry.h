/* registry.h - the list of all services. The only one: whoever needs to know them walks it, scripts
 * by `roundtrip services -o json`. */
#pragma once

#include "common/saga/service.h"

#define SERVICES_MAX 16

/* In the order in which a booking meets them, ended by NULL: the participants, then the programs
 * beside the saga. They start from the last to the first, so that whoever is called is there. */
extern const struct service_description *const services[];

/* NULL: there is none of that name. */
const struct service_description *service_find(const char *name);
const struct service_description *service_of_queue(const char *queue); /* NULL: nobody's */
size_t service_index(const struct service_description *service);       /* in `services` */
