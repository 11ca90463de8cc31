/* mongo_access.c - refuses a URI that asks for less than the concerns here, shortens its limits to
 * ours, and tells the driver's errors that are our fault from those that may pass. */
#include "common/mongodb/mongo_access.h"
#include "common/base/memory.h"
#include "common/saga/store_backend.h"

#include "common/log/log.h"
#include "common/mongodb/mongo_start.h"

#include <assert.h>
#include <string.h>

/* The driver's own log would go to stdout and mix with ours. What matters comes back as an error.
 */
static void log_driver(mongoc_log_level_t level, const char *domain, const char *text, void *unused)
{
    (void)level;
    (void)unused;
    log_write(LOG_DEBUG, "mongodb driver, %s: %s", domain, text);
}

static bool uri_check_write(const mongoc_uri_t *uri, struct error *error)
{
    const mongoc_write_concern_t *concern = mongoc_uri_get_write_concern(uri);
    int32_t w = mongoc_write_concern_get_w(concern);
    if (w != MONGOC_WRITE_CONCERN_W_DEFAULT && w != MONGOC_WRITE_CONCERN_W_MAJORITY) {
        return error_set(error, ERROR_REJECT,
                         "mongodb: the URI option w is weaker than, or not known to be, the "
                         "majority that an acknowledged booking needs: remove it or set "
                         "w=majority");
    }
    if (mongoc_write_concern_journal_is_set(concern) &&
        !mongoc_write_concern_get_journal(concern)) {
        return error_set(error, ERROR_REJECT,
                         "mongodb: the URI option journal=false would acknowledge what a crash "
                         "loses: remove it or set journal=true");
    }
    return true;
}

static bool uri_check_read(const mongoc_uri_t *uri, struct error *error)
{
    if (mongoc_read_prefs_get_mode(mongoc_uri_get_read_prefs_t(uri)) != MONGOC_READ_PRIMARY) {
        return error_set(error, ERROR_REJECT,
                         "mongodb: the URI option readPreference would decide on outdated "
                         "documents: remove it or set readPreference=primary");
    }
    const char *level = mongoc_read_concern_get_level(mongoc_uri_get_read_concern(uri));
    if (level != NULL && strcmp(level, MONGOC_READ_CONCERN_LEVEL_MAJORITY) != 0) {
        return error_set(error, ERROR_REJECT,
                         "mongodb: the URI option readConcernLevel is not the majority that "
                         "decisions are made on: remove it or set readConcernLevel=majority");
    }
    return true;
}

/* A URI may shorten a limit, never lengthen it: every call is bounded. */
static void uri_limit(mongoc_uri_t *uri, const char *option, int32_t limit)
{
    int32_t given = mongoc_uri_get_option_as_int32(uri, option, limit);
    if (given <= 0 || given > limit)
        given = limit;
    bool is_set = mongoc_uri_set_option_as_int32(uri, option, given);
    assert(is_set);
}

static void uri_complete(mongoc_uri_t *uri)
{
    uri_limit(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, MONGO_SELECTION_MS);
    uri_limit(uri, MONGOC_URI_CONNECTTIMEOUTMS, MONGO_CONNECT_MS);
    uri_limit(uri, MONGOC_URI_SOCKETTIMEOUTMS, MONGO_SOCKET_MS);
    uri_limit(uri, MONGOC_URI_WAITQUEUETIMEOUTMS, MONGO_TURN_MS);
    uri_limit(uri, MONGOC_URI_MAXPOOLSIZE, MONGO_CLIENTS_MAX);
    bool is_set = mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYWRITES, false) &&
                  mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYREADS, false);
    assert(is_set);
}

/* NULL: it cannot be read, or asks for less than a store needs. */
static mongoc_uri_t *uri_open(const char *text, struct error *error)
{
    bson_error_t cause;
    mongoc_uri_t *uri = mongoc_uri_new_with_error(text, &cause);
    if (uri == NULL) {
        error_set(error, ERROR_REJECT, "mongodb: the URI cannot be read: %s", cause.message);
        return NULL;
    }
    if (!uri_check_write(uri, error) || !uri_check_read(uri, error)) {
        mongoc_uri_destroy(uri);
        return NULL;
    }
    return uri;
}

bool mongo_url_check(const char *text, struct error *error)
{
    assert(text != NULL);
    mongo_start(log_driver);
    mongoc_uri_t *uri = uri_open(text, error);
    if (uri == NULL)
        return false;
    mongoc_uri_destroy(uri);
    return true;
}

static mongoc_client_pool_t *pool_open(mongoc_uri_t *uri, const char *application,
                                       struct error *error)
{
    uri_complete(uri);
    bson_error_t cause;
    mongoc_client_pool_t *pool = mongoc_client_pool_new_with_error(uri, &cause);
    if (pool == NULL) {
        error_set(error, ERROR_REJECT, "mongodb: the URI cannot be used: %s", cause.message);
        return NULL;
    }
    /* Version 2 tells a server's error from one of the driver. */
    bool is_set = mongoc_client_pool_set_error_api(pool, MONGOC_ERROR_API_VERSION_2);
    assert(is_set);
    (void)mongoc_client_pool_set_appname(pool, application); /* the URI's own name wins */
    return pool;
}

static bson_t *write_options_new(void)
{
    bson_t *options = bson_new();
    mongoc_write_concern_t *concern = mongoc_write_concern_new();
    mongoc_write_concern_set_wmajority(concern, MONGO_MAJORITY_MS);
    mongoc_write_concern_set_journal(concern, true);
    bool is_set = mongoc_write_concern_append(concern, options);
    assert(is_set);
    mongoc_write_concern_destroy(concern);
    return options;
}

static bson_t *read_options_new(void)
{
    bson_t *options = bson_new();
    mongoc_read_concern_t *concern = mongoc_read_concern_new();
    mongoc_read_concern_set_level(concern, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
    bool is_set = mongoc_read_concern_append(concern, options) &&
                  BSON_APPEND_INT32(options, "maxTimeMS", MONGO_READ_MS);
    assert(is_set);
    mongoc_read_concern_destroy(concern);
    return options;
}

struct mongo_access *mongo_access_open(const char *uri, const char *service, const char *collection,
                                       struct error *error)
{
    assert(uri != NULL && service != NULL && collection != NULL);
    mongo_start(log_driver);
    mongoc_uri_t *parsed = uri_open(uri, error);
    if (parsed == NULL)
        return NULL;
    const char *named = mongoc_uri_get_database(parsed);
    char *chosen = bson_strdup(named != NULL && named[0] != '\0' ? named : service);
    mongoc_client_pool_t *pool = pool_open(parsed, chosen, error);
    mongoc_uri_destroy(parsed);
    if (pool == NULL) {
        bson_free(chosen);
        return NULL;
    }
    struct mongo_access *access = memory_alloc(1, sizeof *access);
    access->pool = pool;
    access->database = chosen;
    access->collection = bson_strdup(collection);
    access->service = bson_strdup(service);
    access->write_options = write_options_new();
    access->read_options = read_options_new();
    atomic_init(&access->is_indexed, false);
    return access;
}

struct mongo_access *mongo_access_close(struct mongo_access *access)
{
    if (access != NULL) {
        mongoc_client_pool_destroy(access->pool);
        bson_destroy(access->write_options);
        bson_destroy(access->read_options);
        bson_free(access->database);
        bson_free(access->collection);
        bson_free(access->service);
        free(access);
    }
    return NULL;
}

bool mongo_turn_begin(struct mongo_turn *turn, struct mongo_access *access, struct error *error)
{
    assert(access->pool != NULL);
    turn->access = access;
    turn->client = mongoc_client_pool_pop(access->pool);
    if (turn->client == NULL) {
        return error_set(error, ERROR_RETRY, "mongodb: all %d connections were busy for %d ms",
                         MONGO_CLIENTS_MAX, MONGO_TURN_MS);
    }
    return true;
}

void mongo_turn_end(struct mongo_turn *turn)
{
    assert(turn->access != NULL);
    if (turn->client != NULL) {
        mongoc_client_pool_push(turn->access->pool, turn->client);
        turn->client = NULL;
    }
}

bool mongo_write(struct mongo_turn *turn, const bson_t *command, bson_t *ret_reply,
                 struct error *error)
{
    assert(command != NULL && ret_reply != NULL);
    const struct mongo_access *access = turn->access;
    bson_error_t cause = { 0 };
    bool is_done = mongoc_client_write_command_with_opts(turn->client, access->database, command,
                                                         access->write_options, ret_reply, &cause);
    /* The driver also fails a command whose write concern failed; that one was carried out. */
    if (!is_done && cause.domain != MONGOC_ERROR_WRITE_CONCERN)
        return mongo_fail(error, &cause);
    return true;
}

bool mongo_fail(struct error *error, const bson_error_t *cause)
{
    assert(cause != NULL);
    /* What the driver refuses to send is our doing. All else may mend, be it by an operator: the
     * server is away, has no primary, is full, or does not let us in. */
    bool is_ours = cause->domain == MONGOC_ERROR_BSON || cause->domain == MONGOC_ERROR_COMMAND ||
                   cause->domain == MONGOC_ERROR_NAMESPACE;
    return error_set(error, is_ours ? ERROR_BUG : ERROR_RETRY, "mongodb: %s", cause->message);
}
