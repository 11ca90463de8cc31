/* settings_case.h - settings as a test makes them: every service at one address, no store known. */
#pragma once

#include "cli/sources/settings.h"

static inline struct settings_place *place_of(struct settings *settings,
                                              const struct service_description *service)
{
    return &settings->places[service_index(service)];
}

static inline void places_set(struct settings *settings, const char *url)
{
    for (size_t i = 0; services[i] != NULL; i++)
        settings->places[i] = (struct settings_place){ .url = url, .ops_url = url, .store = "" };
}
