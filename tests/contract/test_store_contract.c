/* The contract of common/saga/store_port.h, as one list of tests over any back end. */
#include "tests/contract/contract_store.h"

#include <stdio.h>
#include <string.h>

#define TESTS_MAX 64

int main(int argc, char **argv)
{
    if (argc == 3)
        return contract_role(argv[1], argv[2]);
    struct CMUnitTest tests[TESTS_MAX];
    size_t count = 0;
#define ADD(part)                                                                                  \
    assert_true(count + part##_count <= TESTS_MAX);                                                \
    memcpy(tests + count, part, part##_count * sizeof tests[0]);                                   \
    count += part##_count
    ADD(store_documents);
    ADD(store_finding);
    if (contract_is_memory())
        return _cmocka_run_group_tests("memory", tests, count, NULL, NULL);
    ADD(store_opening);
    ADD(store_contention);
    ADD(store_outage);
#undef ADD
    return _cmocka_run_group_tests(store_system(contract_url()), tests, count, NULL, NULL);
}
