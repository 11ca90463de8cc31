/* What each OTEL_* variable does, alone and beside others, and which warning it earns. */
#include "tests/unit/trace_sink.h"

#include <stdio.h>

struct setting {
    const char *name, *value;
};

static struct setting settings[8];
static char warnings[2048];
static int warning_count;
static struct tracing_environment environment;

static const char *setting_get(void *self, const char *name)
{
    (void)self;
    for (size_t i = 0; i < 8 && settings[i].name != NULL; i++)
        if (strcmp(settings[i].name, name) == 0)
            return settings[i].value;
    return NULL;
}

static void setting_warn(void *self, const char *text)
{
    (void)self;
    snprintf(warnings, sizeof warnings, "%s", text);
    warning_count++;
}

#define READ(...) environment_with((struct setting[8]){ __VA_ARGS__ })

static const struct tracing_environment *environment_with(const struct setting wanted[8])
{
    struct environment_source source = { .get = setting_get, .warn = setting_warn };
    memcpy(settings, wanted, sizeof settings);
    warning_count = 0;
    warnings[0] = '\0';
    environment_read(&source, &environment);
    return &environment;
}

static void nothing_set_means_no_exporter_and_the_standard_limits(void **state)
{
    (void)state;
    READ({ NULL, NULL });
    assert_int_equal(environment.exporter, EXPORTER_NONE);
    assert_string_equal(environment.endpoint, "http://localhost:4318/v1/traces");
    assert_int_equal(environment.timeout_ms, 10000);
    assert_int_equal(environment.schedule_delay_ms, 5000);
    assert_int_equal(environment.export_timeout_ms, 30000);
    assert_int_equal(environment.queue_max, 8192);
    assert_int_equal(environment.batch_max, 512);
    assert_int_equal(environment.attributes_max, 128);
    assert_int_equal(environment.sampler.threshold, 0);
    assert_string_equal(environment.service_name, "");
    assert_int_equal(warning_count, 0);
}

static void an_endpoint_alone_chooses_otlp(void **state)
{
    (void)state;
    READ({ "OTEL_EXPORTER_OTLP_ENDPOINT", "http://jaeger:4318" },
         { "ROUNDTRIP_TRACE_FILE", "/tmp/t" });
    assert_int_equal(environment.exporter, EXPORTER_OTLP);
    READ({ "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://jaeger:4318" });
    assert_int_equal(environment.exporter, EXPORTER_OTLP);
}

static void a_trace_file_alone_chooses_the_file(void **state)
{
    (void)state;
    READ({ "ROUNDTRIP_TRACE_FILE", "/tmp/t" });
    assert_int_equal(environment.exporter, EXPORTER_FILE);
    assert_string_equal(environment.file, "/tmp/t");
}

static void the_exporter_that_is_named_wins(void **state)
{
    (void)state;
    READ({ "OTEL_TRACES_EXPORTER", "none" },
         { "OTEL_EXPORTER_OTLP_ENDPOINT", "http://jaeger:4318" });
    assert_int_equal(environment.exporter, EXPORTER_NONE);
    READ({ "OTEL_TRACES_EXPORTER", "otlp" });
    assert_int_equal(environment.exporter, EXPORTER_OTLP);
    READ({ "OTEL_TRACES_EXPORTER", "otlp/stdout" });
    assert_int_equal(environment.exporter, EXPORTER_STDOUT);
    READ({ "OTEL_TRACES_EXPORTER", "console" });
    assert_int_equal(environment.exporter, EXPORTER_STDOUT);
    READ({ "OTEL_TRACES_EXPORTER", "otlp/file" }, { "ROUNDTRIP_TRACE_FILE", "/tmp/t" },
         { "OTEL_EXPORTER_OTLP_ENDPOINT", "http://jaeger:4318" });
    assert_int_equal(environment.exporter, EXPORTER_FILE);
    assert_int_equal(warning_count, 0);
}

static void an_unknown_exporter_warns_and_is_ignored(void **state)
{
    (void)state;
    READ({ "OTEL_TRACES_EXPORTER", "zipkin" },
         { "OTEL_EXPORTER_OTLP_ENDPOINT", "http://jaeger:4318" });
    assert_int_equal(environment.exporter, EXPORTER_OTLP);
    assert_int_equal(warning_count, 1);
    assert_non_null(strstr(warnings, "OTEL_TRACES_EXPORTER=zipkin"));
}

static void a_file_exporter_without_a_file_is_none(void **state)
{
    (void)state;
    READ({ "OTEL_TRACES_EXPORTER", "otlp/file" });
    assert_int_equal(environment.exporter, EXPORTER_NONE);
    assert_non_null(strstr(warnings, "ROUNDTRIP_TRACE_FILE"));
}

static void disabled_means_only_the_word_true_in_any_case(void **state)
{
    (void)state;
    READ({ "OTEL_SDK_DISABLED", "TRUE" }, { "OTEL_TRACES_EXPORTER", "otlp" });
    assert_int_equal(environment.exporter, EXPORTER_NONE);
    READ({ "OTEL_SDK_DISABLED", "1" }, { "OTEL_TRACES_EXPORTER", "otlp" });
    assert_int_equal(environment.exporter, EXPORTER_OTLP);
    READ({ "OTEL_SDK_DISABLED", "yes" }, { "OTEL_TRACES_EXPORTER", "otlp" });
    assert_int_equal(environment.exporter, EXPORTER_OTLP);
}

static void an_empty_value_counts_as_unset(void **state)
{
    (void)state;
    READ({ "OTEL_TRACES_EXPORTER", "" }, { "OTEL_EXPORTER_OTLP_ENDPOINT", "" },
         { "OTEL_TRACES_SAMPLER", "" }, { "OTEL_BSP_MAX_QUEUE_SIZE", "" },
         { "ROUNDTRIP_TRACE_FILE", "/tmp/t" });
    assert_int_equal(environment.exporter, EXPORTER_FILE);
    assert_int_equal(environment.queue_max, 8192);
    assert_int_equal(warning_count, 0);
}

static void the_common_endpoint_gets_the_path_with_one_slash(void **state)
{
    (void)state;
    READ({ "OTEL_EXPORTER_OTLP_ENDPOINT", "https://c.example:4318" });
    assert_string_equal(environment.endpoint, "https://c.example:4318/v1/traces");
    READ({ "OTEL_EXPORTER_OTLP_ENDPOINT", "https://c.example/otlp/" });
    assert_string_equal(environment.endpoint, "https://c.example/otlp/v1/traces");
}

static void the_traces_endpoint_wins_and_is_used_as_it_is(void **state)
{
    (void)state;
    READ({ "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t:1/my/way" },
         { "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:2" });
    assert_string_equal(environment.endpoint, "http://t:1/my/way");
}

static void a_bad_endpoint_warns_and_the_next_one_is_taken(void **state)
{
    (void)state;
    READ({ "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "t:1" },
         { "OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:2" });
    assert_string_equal(environment.endpoint, "http://c:2/v1/traces");
    assert_int_equal(warning_count, 1);
}

static void headers_are_decoded_and_the_traces_form_wins(void **state)
{
    (void)state;
    READ({ "OTEL_EXPORTER_OTLP_HEADERS", "api-key=k%3D1, x-two = a%20b ,," });
    assert_int_equal(environment.header_count, 2);
    assert_string_equal(environment.headers[0], "api-key: k=1");
    assert_string_equal(environment.headers[1], "x-two: a b");
    assert_null(environment.headers[2]);
    READ({ "OTEL_EXPORTER_OTLP_HEADERS", "a=1" }, { "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2" });
    assert_int_equal(environment.header_count, 1);
    assert_string_equal(environment.headers[0], "b: 2");
}

static void one_bad_header_discards_all_and_the_warning_tells_no_secret(void **state)
{
    (void)state;
    static const char *const bad[] = { "api-key=secret,x=%0d%0aEvil: 1", "api-key=secret,x=%4",
                                       "api-key=secret,x=%zz", "api-key=secret,novalue",
                                       "api-key=secret,=v" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        READ({ "OTEL_EXPORTER_OTLP_HEADERS", bad[i] });
        assert_int_equal(environment.header_count, 0);
        assert_null(environment.headers[0]);
        assert_int_equal(warning_count, 1);
        assert_null(strstr(warnings, "secret"));
    }
}

static void resource_attributes_are_read_and_the_service_name_is_kept_apart(void **state)
{
    (void)state;
    READ({ "OTEL_RESOURCE_ATTRIBUTES",
           "service.name=from%2Clist,deployment.environment.name=test,a=1,a=2" });
    assert_string_equal(environment.service_name, "from,list");
    assert_int_equal(environment.resource_count, 2);
    for (size_t i = 0; i < 2; i++)
        if (strcmp(environment.resource[i].key, "a") == 0)
            assert_string_equal(environment.resource[i].value, "2");
    READ({ "OTEL_RESOURCE_ATTRIBUTES", "service.name=list" }, { "OTEL_SERVICE_NAME", "name" });
    assert_string_equal(environment.service_name, "name");
    assert_int_equal(environment.resource_count, 0);
}

static void one_bad_resource_attribute_discards_the_whole_value(void **state)
{
    (void)state;
    READ({ "OTEL_RESOURCE_ATTRIBUTES", "a=1,b=%" });
    assert_int_equal(environment.resource_count, 0);
    assert_int_equal(warning_count, 1);
}

static void samplers_are_known_with_and_without_parentbased(void **state)
{
    (void)state;
    READ({ "OTEL_TRACES_SAMPLER", "always_off" });
    assert_int_equal(environment.sampler.threshold, sampler_of_ratio(0).threshold);
    READ({ "OTEL_TRACES_SAMPLER", "parentbased_always_off" });
    assert_int_equal(environment.sampler.threshold, sampler_of_ratio(0).threshold);
    READ({ "OTEL_TRACES_SAMPLER", "parentbased_traceidratio" },
         { "OTEL_TRACES_SAMPLER_ARG", "0.25" });
    assert_int_equal(environment.sampler.threshold, sampler_of_ratio(0.25).threshold);
    READ({ "OTEL_TRACES_SAMPLER", "traceidratio" });
    assert_int_equal(environment.sampler.threshold, 0);
    assert_int_equal(warning_count, 0);
}

static void a_bad_sampler_or_ratio_warns_and_everything_is_recorded(void **state)
{
    (void)state;
    READ({ "OTEL_TRACES_SAMPLER", "jaeger_remote" });
    assert_int_equal(environment.sampler.threshold, 0);
    assert_int_equal(warning_count, 1);
    READ({ "OTEL_TRACES_SAMPLER", "traceidratio" }, { "OTEL_TRACES_SAMPLER_ARG", "1.5" });
    assert_int_equal(environment.sampler.threshold, 0);
    assert_int_equal(warning_count, 1);
    READ({ "OTEL_TRACES_SAMPLER", "traceidratio" }, { "OTEL_TRACES_SAMPLER_ARG", "0.1x" });
    assert_int_equal(environment.sampler.threshold, 0);
    assert_int_equal(warning_count, 1);
}

static void a_batch_is_never_larger_than_the_queue(void **state)
{
    (void)state;
    READ({ "OTEL_BSP_MAX_QUEUE_SIZE", "100" });
    assert_int_equal(environment.batch_max, 100);
    assert_int_equal(warning_count, 0);
    READ({ "OTEL_BSP_MAX_QUEUE_SIZE", "100" }, { "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "101" });
    assert_int_equal(environment.batch_max, 100);
    assert_int_equal(warning_count, 1);
}

static void a_bad_number_warns_and_the_default_holds(void **state)
{
    (void)state;
    static const char *const bad[] = { "x", "-1", "0", "5s", "99999999999999999999", " " };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        READ({ "OTEL_BSP_SCHEDULE_DELAY", bad[i] });
        assert_int_equal(environment.schedule_delay_ms, 5000);
        assert_int_equal(warning_count, 1);
    }
}

static void a_timeout_of_zero_means_none_and_the_traces_form_wins(void **state)
{
    (void)state;
    READ({ "OTEL_EXPORTER_OTLP_TIMEOUT", "0" });
    assert_int_equal(environment.timeout_ms, 0);
    READ({ "OTEL_EXPORTER_OTLP_TIMEOUT", "1" }, { "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2" });
    assert_int_equal(environment.timeout_ms, 2);
}

static void what_is_not_there_warns(void **state)
{
    (void)state;
    READ({ "OTEL_EXPORTER_OTLP_COMPRESSION", "gzip" });
    assert_int_equal(warning_count, 1);
    READ({ "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc" });
    assert_int_equal(warning_count, 1);
    READ({ "OTEL_PROPAGATORS", "tracecontext,b3" });
    assert_int_equal(warning_count, 1);
    READ({ "OTEL_PROPAGATORS", "b3multi" }); /* as long as one that is known */
    assert_int_equal(warning_count, 1);
    READ({ "OTEL_PROPAGATORS", "ottracecarry" });
    assert_int_equal(warning_count, 1);
    READ({ "OTEL_PROPAGATORS", "baggages,tracecontext" });
    assert_int_equal(warning_count, 1);
    READ({ "OTEL_EXPORTER_OTLP_COMPRESSION", "none" },
         { "OTEL_EXPORTER_OTLP_PROTOCOL", "http/json" },
         { "OTEL_PROPAGATORS", "tracecontext,baggage" });
    assert_int_equal(warning_count, 0);
}

static void the_log_level_can_silence_warnings(void **state)
{
    (void)state;
    READ({ "OTEL_LOG_LEVEL", "error" }, { "OTEL_TRACES_EXPORTER", "zipkin" },
         { "OTEL_RESOURCE_ATTRIBUTES", "%" });
    assert_int_equal(warning_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_set_means_no_exporter_and_the_standard_limits),
        cmocka_unit_test(an_endpoint_alone_chooses_otlp),
        cmocka_unit_test(a_trace_file_alone_chooses_the_file),
        cmocka_unit_test(the_exporter_that_is_named_wins),
        cmocka_unit_test(an_unknown_exporter_warns_and_is_ignored),
        cmocka_unit_test(a_file_exporter_without_a_file_is_none),
        cmocka_unit_test(disabled_means_only_the_word_true_in_any_case),
        cmocka_unit_test(an_empty_value_counts_as_unset),
        cmocka_unit_test(the_common_endpoint_gets_the_path_with_one_slash),
        cmocka_unit_test(the_traces_endpoint_wins_and_is_used_as_it_is),
        cmocka_unit_test(a_bad_endpoint_warns_and_the_next_one_is_taken),
        cmocka_unit_test(headers_are_decoded_and_the_traces_form_wins),
        cmocka_unit_test(one_bad_header_discards_all_and_the_warning_tells_no_secret),
        cmocka_unit_test(resource_attributes_are_read_and_the_service_name_is_kept_apart),
        cmocka_unit_test(one_bad_resource_attribute_discards_the_whole_value),
        cmocka_unit_test(samplers_are_known_with_and_without_parentbased),
        cmocka_unit_test(a_bad_sampler_or_ratio_warns_and_everything_is_recorded),
        cmocka_unit_test(a_batch_is_never_larger_than_the_queue),
        cmocka_unit_test(a_bad_number_warns_and_the_default_holds),
        cmocka_unit_test(a_timeout_of_zero_means_none_and_the_traces_form_wins),
        cmocka_unit_test(what_is_not_there_warns),
        cmocka_unit_test(the_log_level_can_silence_warnings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
