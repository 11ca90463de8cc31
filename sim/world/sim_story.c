/* sim_story.c - what happened, one line an event, and the first thing that went wrong. */
#include "sim/world/sim_story.h"
#include "common/base/hash.h"
#include "services/registry.h"
#include "sim/world/sim.h"

#include <stdarg.h>
#include <string.h>

#define LINE_BYTES_MAX 600

bool sim_fault(struct sim *sim, enum sim_fault fault)
{
    return !sim->is_healed && sim_random_chance(&sim->random, sim->rates[fault]);
}

static void line_put(struct sim *sim, const char *format, va_list values) PRINTF_LIKE(2, 0);
static void line_put(struct sim *sim, const char *format, va_list values)
{
    char line[LINE_BYTES_MAX];
    int written = vsnprintf(line, sizeof line, format, values);
    size_t length = written < 0 ? 0 : (size_t)written;
    if (length >= sizeof line)
        length = sizeof line - 1;
    sim->story_hash = hash_fold(sim->story_hash, line, length);
    sim->story_hash = hash_fold_number(sim->story_hash, (uint64_t)sim->now_ms);
    sim->story_length++;
    if (sim->options.out != NULL)
        fprintf(sim->options.out, "%10lld.%03lld %*s%s\n", (long long)(sim->now_ms / 1000),
                (long long)(sim->now_ms % 1000), 4 * sim->depth, "", line);
}

void sim_tell(struct sim *sim, const char *format, ...)
{
    if (!sim->options.is_told)
        return;
    va_list values;
    va_start(values, format);
    line_put(sim, format, values);
    va_end(values);
}

void sim_fail(struct sim *sim, const char *format, ...)
{
    if (sim->failure[0] != '\0')
        return;
    va_list values;
    va_start(values, format);
    vsnprintf(sim->failure, sizeof sim->failure, format, values);
    va_end(values);
    sim_tell(sim, "FAILED %s", sim->failure);
}

const char *sim_service_text(enum sim_service service)
{
    return services[service]->name;
}

const char *sim_fault_text(enum sim_fault fault)
{
    static const char *const texts[FAULT_COUNT] = {
#define X(name, text, rate) text,
        SIM_FAULTS(X)
#undef X
    };
    return texts[fault];
}
