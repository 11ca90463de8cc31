/* What the doctor says of what it finds, and what to do about it. */
#include "cli/commands/doctor.h"
#include "cli/screen/json.h"
#include "common/rabbitmq/amqp_bus.h"
#include "events/topology.h"
#include "gateway/service.h"
#include "tests/unit/http_peer.h"
#include "tests/unit/settings_case.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define NOBODY "http://127.0.0.1:9"

static char out[8192];
static char url[64];
static struct http_peer peer;
static struct cli cli;
static struct doctor doctor;

/* Somebody who gives these answers, until end(). */
static void begin(const char *first, const char *second)
{
    peer = (struct http_peer){ .answers = { first, second },
                               .answer_count = (size_t)(first != NULL) + (second != NULL) };
    http_peer_start(&peer);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", peer.port);
    memset(out, 0, sizeof out);
    cli = (struct cli){ .settings = { .amqp_url = "amqp://u:p@broker/",
                                      .management_url = "",
                                      .jaeger_url = "",
                                      .trace_file = "",
                                      .run_dir = "" },
                        .out = fmemopen(out, sizeof out - 1, "w") };
    places_set(&cli.settings, NOBODY);
    assert_non_null(cli.out);
    doctor = (struct doctor){ .cli = &cli };
}

static void end(void)
{
    fclose(cli.out);
    shutdown(peer.listener, SHUT_RDWR);
    pthread_join(peer.thread, NULL);
    close(peer.listener);
}

static void assert_told(const char *text)
{
    if (strstr(out, text) == NULL)
        fail_msg("'%s' is not in\n%s", text, out);
}

/* ---- the report ---- */

static void a_finding_is_a_line_and_what_is_not_well_has_its_mend(void **state)
{
    (void)state;
    begin(NULL, NULL);
    doctor_report(&doctor, FINDING_OK, "one", "is there", "nothing");
    doctor_report(&doctor, FINDING_FAIL, "two", "is not", "do it");
    doctor_reportf(&doctor, FINDING_UNKNOWN, "three", NULL, "%s\033", "who knows");
    end();
    assert_string_equal(out, "ok      one                      is there\n"
                             "fail    two                      is not\n"
                             "                               → do it\n"
                             "unknown three                    who knows.\n");
    assert_int_equal(doctor.failures, 1);
}

static void scripts_get_the_findings(void **state)
{
    (void)state;
    begin(NULL, NULL);
    doctor.is_json = true;
    doctor.json = cJSON_CreateArray();
    doctor_report(&doctor, FINDING_FAIL, "two", "is not", "do it");
    doctor_report(&doctor, FINDING_OK, "one", "is there", NULL);
    char *printed = cJSON_PrintUnformatted(doctor.json);
    assert_string_equal(printed,
                        "[{\"subject\":\"two\",\"finding\":\"fail\",\"found\":\"is not\",\"mend\":"
                        "\"do it\"},{\"subject\":\"one\",\"finding\":\"ok\",\"found\":\"is "
                        "there\",\"mend\":null}]");
    cJSON_free(printed);
    cJSON_Delete(doctor.json);
    end();
    assert_string_equal(out, "");
    assert_int_equal(doctor.failures, 1);
}

static void the_mend_of_a_service_is_the_one_of_its_system(void **state)
{
    (void)state;
    char mend[DOCTOR_MEND_SIZE];
    begin(NULL, NULL);
    doctor_mend_service(&doctor, "booking", mend);
    assert_string_equal(mend, "./run");
    cli.settings.run_dir = "/srv/var/run";
    doctor_mend_service(&doctor, "booking", mend);
    assert_string_equal(mend, "system/stack service /srv/var booking start; its log: "
                              "/srv/var/log/booking.log");
    end();
}

/* ---- services ---- */

static void a_service_that_is_ready_has_its_clock_compared(void **state)
{
    (void)state;
    static const struct {
        int64_t ahead_s;
        const char *text;
    } cases[] = { { 0, "ok      clock of gateway         agrees with ours\n" },
                  { 3600, "ahead of ours\n" },
                  { -3600, "behind ours\n" } };
    int others = -1; /* all but the gateway */
    for (size_t i = 0; services[i] != NULL; i++)
        others++;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char answer[256];
        char date[64];
        time_t at = time(NULL) + (time_t)cases[i].ahead_s;
        struct tm parts;
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&at, &parts));
        snprintf(answer, sizeof answer,
                 "HTTP/1.1 200 OK\r\nConnection: close\r\nDate: %s\r\nContent-Length: 2\r\n\r\n{}",
                 date);
        begin(answer, answer);
        place_of(&cli.settings, &gateway_service)->ops_url = url;
        doctor_services(&doctor);
        end();
        assert_told("ok      gateway                  ready at " NOBODY "\n");
        assert_told(cases[i].text);
        assert_told("fail    booking                  does not answer at " NOBODY "/readyz: ");
        assert_int_equal(doctor.failures, others + (i > 0));
    }
}

static void a_clock_that_is_not_told_is_unknown(void **state)
{
    (void)state;
    begin("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
          "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
    place_of(&cli.settings, &gateway_service)->ops_url = url;
    doctor_services(&doctor);
    end();
    assert_told("unknown clock of gateway");
}

static void what_a_service_misses_is_named(void **state)
{
    (void)state;
    begin("HTTP/1.1 503 Busy\r\nContent-Length: 132\r\n\r\n"
          "{\"checks\":{\"store\":{\"status\":\"pass\"},\"broker\":{\"status\":\"fail\",\"detail\":"
          "\"refused\"},\"log\":{\"status\":\"warn\",\"detail\":\"4 lines lost\"}}}",
          NULL);
    place_of(&cli.settings, &gateway_service)->ops_url = url;
    doctor_services(&doctor);
    end();
    assert_told("answers, but is not ready (503): broker: refused; log: 4 lines lost\n");
    assert_null(strstr(out, "clock of gateway"));
}

/* ---- traces ---- */

static void traces_are_where_jaeger_or_a_file_has_them(void **state)
{
    (void)state;
    begin("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
          "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}");
    cli.settings.jaeger_url = url;
    doctor_traces(&doctor);
    assert_int_equal(doctor.failures, 0);
    doctor_traces(&doctor);
    assert_int_equal(doctor.failures, 1);
    cli.settings.jaeger_url = NOBODY;
    doctor_traces(&doctor);
    assert_int_equal(doctor.failures, 2);
    cli.settings.jaeger_url = "";
    cli.settings.trace_file = "/nowhere/traces";
    doctor_traces(&doctor);
    assert_int_equal(doctor.failures, 3);
    cli.settings.trace_file = "/dev/null";
    doctor_traces(&doctor);
    assert_int_equal(doctor.failures, 3);
    cli.settings.trace_file = "";
    doctor_traces(&doctor);
    end();
    assert_int_equal(doctor.failures, 3);
    assert_memory_equal(peer.received[0], "GET /api/v3/services ", 21);
    assert_told(" answers\n");
    assert_told(" does not answer\n");
    assert_told("fail    trace file               /nowhere/traces is not there\n");
    assert_told("ok      trace file               /dev/null\n");
    assert_told("unknown traces");
}

/* ---- bindings ---- */

/* As the management interface answers, without the one of that number; much of it is of others. */
static char *bindings_new(const char *source, const char *destination, size_t without)
{
    char *text = calloc(1, 400000);
    size_t length = 0;
    assert_non_null(text);
    for (size_t i = 0; i < 2000; i++) /* more than a pipe holds */
        length += (size_t)snprintf(text + length, 200,
                                   "%s{\"%s\":\"other\",\"%s\":\"q%zu\",\"routing_key\":\"k\"}",
                                   i == 0 ? "[" : ",", source, destination, i);
    for (size_t i = 0; i < event_binding_count; i++)
        if (i != without)
            length += (size_t)snprintf(
                text + length, 400,
                ",{\"%s\":\"" TOPOLOGY_EXCHANGE "\",\"%s\":\"%s\",\"routing_key\":\"%s\"}", source,
                destination, event_bindings[i].queue, event_bindings[i].routing_key);
    snprintf(text + length, 2, "]");
    return text;
}

static void bindings_are_read_from_the_management_interface(void **state)
{
    (void)state;
    for (size_t without = 0; without <= event_binding_count; without += event_binding_count) {
        char *json = bindings_new("source", "destination", without);
        char *answer = malloc(strlen(json) + 100);
        assert_non_null(answer);
        snprintf(answer, strlen(json) + 100, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                 strlen(json), json);
        begin(answer, NULL);
        cli.settings.management_url = url;
        doctor_bindings(&doctor);
        end();
        assert_memory_equal(peer.received[0], "GET /api/bindings/%2F ", 22);
        assert_int_equal(doctor.failures, without == 0);
        assert_told(without == 0 ? " is not bound to " : "ok      bindings                 all ");
        free(answer);
        free(json);
    }
    begin("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", NULL);
    cli.settings.management_url = url;
    cli.settings.amqp_url = "amqp://u:p@broker/some";
    doctor_bindings(&doctor);
    end();
    assert_memory_equal(peer.received[0], "GET /api/bindings/some ", 23);
    assert_told("unknown bindings                 the management interface answers 401\n");
}

static void or_from_rabbitmqctl_where_it_can_be_run(void **state)
{
    (void)state;
    char folder[] = "/tmp/test-doctor-XXXXXX";
    char path[64];
    char *kept = strdup(getenv("PATH"));
    assert_true(kept != NULL && mkdtemp(folder) != NULL);
    setenv("PATH", folder, 1);
    begin(NULL, NULL);
    doctor_bindings(&doctor);
    end();
    assert_told("unknown bindings                 AMQP cannot read them, and rabbitmqctl");
    snprintf(path, sizeof path, "%s/rabbitmqctl", folder);
    for (size_t without = 0; without <= event_binding_count; without += event_binding_count) {
        char *json = bindings_new("source_name", "destination_name", without);
        FILE *script = fopen(path, "w");
        assert_non_null(script);
        fprintf(script, "#!/bin/sh\n/bin/cat <<'END'\n%s\nEND\n", json);
        fclose(script);
        assert_int_equal(chmod(path, 0700), 0);
        begin(NULL, NULL);
        doctor_bindings(&doctor);
        end();
        assert_int_equal(doctor.failures, without == 0);
        assert_told(without == 0 ? " is not bound to " : "ok      bindings                 all ");
        free(json);
    }
    setenv("PATH", kept, 1);
    free(kept);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_is_a_line_and_what_is_not_well_has_its_mend),
        cmocka_unit_test(scripts_get_the_findings),
        cmocka_unit_test(the_mend_of_a_service_is_the_one_of_its_system),
        cmocka_unit_test(a_service_that_is_ready_has_its_clock_compared),
        cmocka_unit_test(a_clock_that_is_not_told_is_unknown),
        cmocka_unit_test(what_a_service_misses_is_named),
        cmocka_unit_test(traces_are_where_jaeger_or_a_file_has_them),
        cmocka_unit_test(bindings_are_read_from_the_management_interface),
        cmocka_unit_test(or_from_rabbitmqctl_where_it_can_be_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
