/* registry.c - lists the services. */
#include "services/registry.h"

#include "booking/service.h"
#include "gateway/service.h"
#include "payment/service.h"
#include "provider/service.h"

#include <string.h>

const struct service_description *const services[] = {
    &provider_service, &payment_service, &booking_service, &gateway_service, NULL,
};

const struct service_description *service_find(const char *name)
{
    for (size_t i = 0; services[i] != NULL; i++)
        if (strcmp(services[i]->name, name) == 0)
            return services[i];
    return NULL;
}
