/* The contract of common/saga/bus_port.h, as one list of tests over any broker. */
#include "tests/contract/contract_bus.h"

#include <stdlib.h>
#include <string.h>

#define TESTS_MAX 32
#define PREFETCH  300

const struct bus_backend *contract_bus(void)
{
    const char *bus = getenv("BUS");
    return bus != NULL && strcmp(bus, "memory") == 0 ? &bus_memory : &bus_amqp;
}

int contract_bus_reset(void **state)
{
    (void)state;
    contract_bus()->reset();
    return 0;
}

struct rig contract_bus_open(void)
{
    struct rig rig = contract_bus()->open(PREFETCH);
    rig_wait_connected(&rig);
    return rig;
}

void contract_bus_close(struct rig *rig)
{
    contract_bus()->close(rig);
}

void contract_bus_wait_ready(struct rig *rig, const char *queue, uint32_t count)
{
    int64_t deadline_ms = rig->now_ms() + RIG_WAIT_MS;
    while (contract_bus()->ready(queue) != count) {
        if (rig->now_ms() > deadline_ms)
            fail_msg("%s has %u ready messages, not %u", queue, contract_bus()->ready(queue),
                     count);
        contract_bus()->pass();
    }
}

int main(void)
{
    struct CMUnitTest tests[TESTS_MAX];
    size_t count = 0;
#define ADD(part)                                                                                  \
    assert_true(count + part##_count <= TESTS_MAX);                                                \
    memcpy(tests + count, part, part##_count * sizeof tests[0]);                                   \
    count += part##_count
    ADD(bus_deliveries);
    ADD(bus_publishing);
    ADD(bus_later);
#undef ADD
    return _cmocka_run_group_tests(contract_bus()->name, tests, count, NULL, NULL);
}
