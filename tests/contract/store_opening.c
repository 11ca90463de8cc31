/* URLs that are refused, and why: none of these reaches a server. */
#include "tests/contract/contract_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void assert_refused(const char *url, const char *word)
{
    struct error error = { 0 };
    struct store *store = store_open(url, "contract", "documents", &error);
    if (store != NULL) {
        store_close(store);
        fail_msg("%s was accepted", url);
    }
    assert_int_equal(error.code, ERROR_REJECT);
    if (strstr(error.message, word) == NULL)
        fail_msg("%s: \"%s\" does not mention %s", url, error.message, word);
    assert_null(strstr(error.message, "secret")); /* the password of some of them */
}

static void a_mongodb_that_could_forget_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *options, *word;
    } weaker[] = {
        { "w=0", "option w" },
        { "w=1", "w=majority" },
        { "w=2", "option w" },
        { "w=somewhere", "option w" },
        { "journal=false", "journal=false" },
        { "w=majority&journal=false", "journal=true" },
        { "readPreference=secondary", "readPreference" },
        { "readPreference=primaryPreferred", "readPreference" },
        { "readConcernLevel=local", "readConcernLevel" },
        { "readConcernLevel=available", "readConcernLevel=majority" },
    };
    for (size_t i = 0; i < sizeof weaker / sizeof weaker[0]; i++) {
        char url[256];
        snprintf(url, sizeof url, "mongodb://user:secret@127.0.0.1:1/?%s", weaker[i].options);
        assert_refused(url, weaker[i].word);
    }
    assert_refused("mongodb://", "mongodb: the URI");
    assert_refused("mongodb://user:secret@:x/", "mongodb: the URI");
}

static void a_mongodb_that_says_majority_itself_is_welcome(void **state)
{
    (void)state;
    static const char *const options[] = {
        "",
        "w=majority",
        "w=majority&journal=true&retryWrites=true",
        "readPreference=primary&readConcernLevel=majority&wtimeoutMS=60000",
        "serverSelectionTimeoutMS=600000&socketTimeoutMS=0&maxPoolSize=1",
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        char url[256];
        struct error error = { 0 };
        snprintf(url, sizeof url, "mongodb://user:secret@127.0.0.1:1/?%s", options[i]);
        struct store *store = store_open(url, "contract", "documents", &error);
        if (store == NULL)
            fail_msg("%s: %s", url, error.message);
        store_close(store);
    }
}

static void an_sqlite_file_that_cannot_be_is_refused_with_the_way_out(void **state)
{
    (void)state;
    char folder[] = "/tmp/store_opening.XXXXXX", path[128], url[160];
    assert_non_null(mkdtemp(folder));
    assert_refused("sqlite::memory:", "name a file");
    assert_refused("sqlite:", "name a file");
    assert_refused("sqlite://host/file.db", "sqlite:///absolute");
    snprintf(url, sizeof url, "sqlite:%s", folder);
    assert_refused(url, "name a file in it");
    snprintf(url, sizeof url, "sqlite:%s/missing/booking.db", folder);
    assert_refused(url, "mkdir -p");
    assert_refused(url, folder);

    snprintf(path, sizeof path, "%s/notes.txt", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        fputs("These are notes, no database.\n", file);
    fclose(file);
    snprintf(url, sizeof url, "sqlite:%s", path);
    assert_refused(url, "not an SQLite database");
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 30000); /* and left as it was */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing else was left behind */
}

static void an_sqlite_file_that_was_deleted_takes_no_more(void **state)
{
    (void)state;
    char folder[] = "/tmp/store_opening.XXXXXX", path[128], url[160];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/booking.db", folder);
    snprintf(url, sizeof url, "sqlite:%s", path);
    struct error error = { 0 };
    struct store *store = store_open(url, "contract", "documents", &error);
    assert_non_null(store);
    struct store_port port = store_port(store);
    assert_true(port.ping(port.self, &error));
    assert_int_equal(unlink(path), 0);
    assert_false(port.ping(port.self, &error));
    struct arena arena = { 0 };
    struct record record = contract_record(&arena, "b", 0, 1, 0);
    enum save_result result;
    assert_false(port.save(port.self, &record, 1, &result, &error));
    assert_int_equal(error.code, ERROR_RETRY);
    assert_non_null(strstr(error.message, path));
    arena_done(&arena);
    store_close(store);
    char rest[160];
    snprintf(rest, sizeof rest, "%s-wal", path);
    unlink(rest);
    snprintf(rest, sizeof rest, "%s-shm", path);
    unlink(rest);
    assert_int_equal(rmdir(folder), 0);
}

/* With a database in it where there can be one: the same for whoever opens it. */
static const char *shared_url(char buffer[256])
{
    const char *query = strstr(contract_url(), "/?");
    if (query == NULL)
        return contract_url();
    snprintf(buffer, 256, "%.*s/contract%s", (int)(query - contract_url()), contract_url(),
             query + 1);
    return buffer;
}

/* Two services may have collections of one name, and each would take the other's for damaged. */
static void a_collection_belongs_to_the_first_service_that_opens_it(void **state)
{
    struct contract *contract = *state;
    struct error error = { 0 };
    char url[256];
    contract_insert(contract, "mine", 1);
    struct store *again = store_open(shared_url(url), "contract", contract->collection, &error);
    assert_non_null(again);
    assert_true(store_claim(again, &error));
    store_close(again);

    struct store *other = store_open(shared_url(url), "stranger", contract->collection, &error);
    if (other != NULL) {
        struct store_port port = store_port(other);
        const char *const ids[] = { "mine000" };
        struct record record;
        assert_false(store_claim(other, &error));
        assert_int_equal(error.code, ERROR_REJECT);
        error = (struct error){ 0 };
        assert_false(port.load(port.self, ids, 1, &contract->arena, &record, &error));
    }
    assert_int_equal(error.code, ERROR_REJECT);
    assert_non_null(strstr(error.message, "the service contract"));
    assert_non_null(strstr(error.message, "name another"));
    store_close(other);
}

static void any_other_url_or_name_is_refused(void **state)
{
    (void)state;
    assert_refused("postgres://user:secret@host/db", "mongodb://");
    assert_refused("", "sqlite:");
    assert_refused("MONGODB://host", "mongodb://");
    static const char *const names[] = { "",
                                         "a b",
                                         "a.b",
                                         "$cmd",
                                         "a\"; DROP TABLE b",
                                         "1a",
                                         "A",
                                         "sqlite-",
                                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct error error = { 0 };
        assert_null(store_open("mongodb://127.0.0.1:1", names[i], "documents", &error));
        assert_int_equal(error.code, ERROR_REJECT);
        assert_null(store_open("mongodb://127.0.0.1:1", "contract", names[i], &error));
        assert_int_equal(error.code, ERROR_REJECT);
    }
    assert_string_equal(store_system("mongodb+srv://host"), "mongodb");
    assert_string_equal(store_system("sqlite:x"), "sqlite");
    assert_null(store_system("http://host"));
    assert_null(store_close(NULL));
}

const struct CMUnitTest store_opening[] = {
    cmocka_unit_test(a_mongodb_that_could_forget_is_refused),
    cmocka_unit_test(a_mongodb_that_says_majority_itself_is_welcome),
    cmocka_unit_test(an_sqlite_file_that_cannot_be_is_refused_with_the_way_out),
    cmocka_unit_test(an_sqlite_file_that_was_deleted_takes_no_more),
    cmocka_unit_test_setup_teardown(a_collection_belongs_to_the_first_service_that_opens_it,
                                    contract_setup, contract_teardown),
    cmocka_unit_test(any_other_url_or_name_is_refused),
};
const size_t store_opening_count = sizeof store_opening / sizeof store_opening[0];
