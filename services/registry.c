/* registry.c - lists the services. */
#include "services/registry.h"

#include "booking/service.h"
#include "gateway/service.h"
#include "payment/service.h"
#include "provider/service.h"

#include <assert.h>
#include <string.h>

const struct service_description *const services[] = {
    &gateway_service, &booking_service, &payment_service, &provider_service, NULL,
};
_Static_assert(sizeof services / sizeof services[0] <= SERVICES_MAX + 1, "raise SERVICES_MAX");

const struct service_description *service_find(const char *name)
{
    for (size_t i = 0; services[i] != NULL; i++)
        if (strcmp(services[i]->name, name) == 0)
            return services[i];
    return NULL;
}

const struct service_description *service_of_queue(const char *queue)
{
    for (size_t i = 0; services[i] != NULL; i++)
        if (services[i]->queue != NULL && strcmp(services[i]->queue, queue) == 0)
            return services[i];
    return NULL;
}

size_t service_index(const struct service_description *service)
{
    size_t index = 0;
    while (services[index] != service) {
        assert(services[index] != NULL);
        index++;
    }
    return index;
}
