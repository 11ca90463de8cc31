/* amqp_rig.c - opens the bus, and reaches around it to the broker: by system/servers/rabbitmq and
 * by connections of its own. */
#include "tests/contract/amqp_rig.h"

#include "common/base/clock.h"
#include "tests/contract/freeze.h"

#include <amqp_tcp_socket.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#define ARGUMENTS_MAX 12

struct amqp_bus_options rig_options(void)
{
    return (struct amqp_bus_options){
        .url = getenv("AMQP_URL"),
        .service = "orders",
        .queue = RIG_QUEUE,
        .bindings = rig_bindings,
        .binding_count = rig_binding_count,
        .may_declare = true,
        .prefetch = 300,
        .confirm_timeout_ms = 5000,
        .heartbeat_s = 10,
        .jitter_seed = 42,
    };
}

static void rig_wait_input(struct rig *rig)
{
    struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
    amqp_bus_fds(rig->bus, &fds[0].fd, &fds[1].fd);
    if (!amqp_bus_has_buffered(rig->bus))
        (void)poll(fds, 2, 10);
}

struct rig rig_open(const struct amqp_bus_options *options)
{
    struct error error = { 0 };
    struct rig rig = { .bus = amqp_bus_new(options, &error),
                       .now_ms = clock_monotonic_ms,
                       .wait = rig_wait_input };
    assert_non_null(rig.bus);
    rig.port = amqp_bus_port(rig.bus);
    return rig;
}

struct rig rig_open_connected(void)
{
    struct amqp_bus_options options = rig_options();
    struct rig rig = rig_open(&options);
    rig_wait_connected(&rig);
    return rig;
}

void rig_close(struct rig *rig)
{
    rig->bus = amqp_bus_free(rig->bus);
}

void broker_run(const char *verb, const char *const *arguments)
{
    char *argv[ARGUMENTS_MAX + 4] = { getenv("BROKER_SCRIPT"), strdup(verb), getenv("BROKER_DIR") };
    size_t count = 3;
    for (; arguments != NULL && *arguments != NULL; arguments++) {
        assert_true(count < ARGUMENTS_MAX + 3);
        argv[count++] = strdup(*arguments);
    }
    posix_spawn_file_actions_t actions;
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1, 0), 0);
    pid_t pid;
    extern char **environ;
    assert_int_equal(posix_spawn(&pid, argv[0], &actions, NULL, argv, environ), 0);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    free(argv[1]);
    for (size_t i = 3; i < count; i++)
        free(argv[i]);
}

/* The number is in BROKER_DIR/env, which changes with each start. */
void broker_signal(int signal)
{
    char path[512], line[256];
    long pid = 0;
    (void)snprintf(path, sizeof path, "%s/env", getenv("BROKER_DIR"));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        (void)sscanf(line, "RABBITMQ_PID=%ld", &pid);
    (void)fclose(file);
    assert_true(pid > 1);
    if (signal == SIGSTOP)
        process_freeze((pid_t)pid);
    else
        assert_int_equal(kill((pid_t)pid, signal), 0);
}

void broker_kill_soon(void)
{
    broker_signal(SIGKILL);
}

static amqp_connection_state_t hand_open(void)
{
    char *url = strdup(getenv("AMQP_URL"));
    struct amqp_connection_info info;
    amqp_connection_state_t state = amqp_new_connection();
    assert_int_equal(amqp_parse_url(url, &info), AMQP_STATUS_OK);
    amqp_socket_t *socket = amqp_tcp_socket_new(state);
    assert_int_equal(amqp_socket_open(socket, info.host, info.port), AMQP_STATUS_OK);
    const char *vhost = info.vhost[0] != '\0' ? info.vhost : AMQP_DEFAULT_VHOST;
    assert_int_equal(amqp_login(state, vhost, 0, AMQP_DEFAULT_FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN,
                                info.user, info.password)
                         .reply_type,
                     AMQP_RESPONSE_NORMAL);
    assert_non_null(amqp_channel_open(state, 1));
    free(url);
    return state;
}

static void hand_close(amqp_connection_state_t state)
{
    (void)amqp_connection_close(state, AMQP_REPLY_SUCCESS);
    (void)amqp_destroy_connection(state);
}

void broker_delete_queue(const char *queue)
{
    amqp_connection_state_t state = hand_open();
    assert_non_null(amqp_queue_delete(state, 1, amqp_cstring_bytes(queue), false, false));
    hand_close(state);
}

void broker_delete_exchange(const char *exchange)
{
    amqp_connection_state_t state = hand_open();
    assert_non_null(amqp_exchange_delete(state, 1, amqp_cstring_bytes(exchange), false));
    hand_close(state);
}

void broker_reset(void)
{
    broker_delete_queue(RIG_QUEUE);
    broker_delete_queue(RIG_DEAD);
    broker_delete_queue(RIG_LATER);
    broker_delete_queue(RIG_OTHER);
    broker_delete_queue(RIG_OTHER ".dead");
}

void broker_unbind(const char *queue, const char *key)
{
    amqp_connection_state_t state = hand_open();
    assert_non_null(amqp_queue_unbind(state, 1, amqp_cstring_bytes(queue),
                                      amqp_cstring_bytes(TOPOLOGY_EXCHANGE),
                                      amqp_cstring_bytes(key), amqp_empty_table));
    hand_close(state);
}

void broker_declare_plain_queue(const char *queue)
{
    amqp_connection_state_t state = hand_open();
    amqp_table_entry_t type = { .key = amqp_cstring_bytes("x-queue-type"),
                                .value = { .kind = AMQP_FIELD_KIND_UTF8,
                                           .value.bytes = amqp_cstring_bytes("quorum") } };
    amqp_table_t arguments = { .num_entries = 1, .entries = &type };
    assert_non_null(amqp_queue_declare(state, 1, amqp_cstring_bytes(queue), false, true, false,
                                       false, arguments));
    hand_close(state);
}

void broker_publish(const char *exchange, const char *key,
                    const amqp_basic_properties_t *properties, amqp_bytes_t body)
{
    amqp_connection_state_t state = hand_open();
    assert_non_null(amqp_confirm_select(state, 1));
    assert_int_equal(amqp_basic_publish(state, 1, amqp_cstring_bytes(exchange),
                                        amqp_cstring_bytes(key), true, false, properties, body),
                     AMQP_STATUS_OK);
    amqp_frame_t frame;
    assert_int_equal(amqp_simple_wait_frame(state, &frame), AMQP_STATUS_OK);
    assert_int_equal(frame.payload.method.id, AMQP_BASIC_ACK_METHOD);
    hand_close(state);
}

uint32_t broker_ready(const char *queue)
{
    amqp_connection_state_t state = hand_open();
    const amqp_queue_declare_ok_t *ok = amqp_queue_declare(
        state, 1, amqp_cstring_bytes(queue), true, true, false, false, amqp_empty_table);
    assert_non_null(ok);
    uint32_t count = ok->message_count;
    hand_close(state);
    return count;
}

void broker_wait_ready(const char *queue, uint32_t count)
{
    int64_t deadline_ms = clock_monotonic_ms() + RIG_WAIT_MS;
    while (broker_ready(queue) != count)
        if (clock_monotonic_ms() > deadline_ms)
            fail_msg("%s has %u ready messages, not %u", queue, broker_ready(queue), count);
}

static void text_copy(amqp_bytes_t bytes, char *text, size_t size)
{
    size_t length = bytes.len < size ? bytes.len : size - 1;
    if (length > 0)
        memcpy(text, bytes.bytes, length);
    text[length] = '\0';
}

static void letter_read(const amqp_message_t *message, struct letter *letter)
{
    const amqp_table_t *headers = &message->properties.headers;
    letter->body_length = message->body.len;
    text_copy(message->body, letter->body, sizeof letter->body);
    text_copy(message->properties.message_id, letter->id, sizeof letter->id);
    text_copy(message->properties.type, letter->type, sizeof letter->type);
    for (int i = 0; i < headers->num_entries; i++) {
        char name[128];
        const amqp_field_value_t *value = &headers->entries[i].value;
        text_copy(headers->entries[i].key, name, sizeof name);
        if (strcmp(name, "roundtrip-reason") == 0)
            text_copy(value->value.bytes, letter->reason, sizeof letter->reason);
        else if (strcmp(name, "roundtrip-routing-key") == 0)
            text_copy(value->value.bytes, letter->routing_key, sizeof letter->routing_key);
        else if (strcmp(name, "roundtrip-service") == 0)
            text_copy(value->value.bytes, letter->service, sizeof letter->service);
        else if (strcmp(name, "traceparent") == 0)
            text_copy(value->value.bytes, letter->traceparent, sizeof letter->traceparent);
        else if (strcmp(name, "x-delivery-count") == 0)
            letter->delivery_count = value->value.i64;
        else if (strcmp(name, "roundtrip-later-since") == 0)
            letter->later_since_ms = value->value.i64;
        else if (strstr(name, "death") != NULL)
            letter->has_death = true;
    }
}

bool broker_get(const char *queue, struct letter *ret_letter)
{
    amqp_connection_state_t state = hand_open();
    amqp_rpc_reply_t reply = amqp_basic_get(state, 1, amqp_cstring_bytes(queue), true);
    bool is_there = reply.reply.id == AMQP_BASIC_GET_OK_METHOD;
    if (is_there) {
        amqp_message_t message;
        assert_int_equal(amqp_read_message(state, 1, &message, 0).reply_type, AMQP_RESPONSE_NORMAL);
        *ret_letter = (struct letter){ 0 };
        letter_read(&message, ret_letter);
        amqp_destroy_message(&message);
    }
    hand_close(state);
    return is_there;
}
