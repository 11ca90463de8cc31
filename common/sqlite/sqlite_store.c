/* sqlite_store.c - the store in an SQLite file: each call is one transaction. */
#include "common/saga/store_backend.h"
#include "common/sqlite/sqlite_file.h"

#include <assert.h>
#include <string.h>

static void bind_text(sqlite3_stmt *statement, int position, const char *text)
{
    int code = sqlite3_bind_text(statement, position, text, -1, SQLITE_STATIC);
    assert(code == SQLITE_OK);
}

static void bind_number(sqlite3_stmt *statement, int position, int64_t number)
{
    int code = sqlite3_bind_int64(statement, position, number);
    assert(code == SQLITE_OK);
}

static void bind_bytes(sqlite3_stmt *statement, int position, const uint8_t *bytes, size_t length)
{
    int code = sqlite3_bind_blob64(statement, position, bytes, length, SQLITE_STATIC);
    assert(code == SQLITE_OK);
}

static bool read_id(sqlite3_stmt *statement, char ret_id[IDENT_SIZE])
{
    const unsigned char *id = sqlite3_column_text(statement, 0);
    int length = sqlite3_column_bytes(statement, 0);
    if (id == NULL || length >= IDENT_SIZE)
        return false;
    memcpy(ret_id, id, (size_t)length);
    ret_id[length] = '\0';
    return true;
}

/* The row of LANE_LOAD and LANE_LIST. What is no document of ours is there, and cannot be read. */
static void read_record(sqlite3_stmt *statement, struct arena *arena, struct record *ret_record)
{
    struct record record = {
        .version = sqlite3_column_int64(statement, 1),
        .created_at_ms = sqlite3_column_int64(statement, 2),
        .due_at_ms = sqlite3_column_int64(statement, 3),
        .owed_at_ms = sqlite3_column_int64(statement, 4),
    };
    const void *body = sqlite3_column_blob(statement, 5);
    bool is_ours = read_id(statement, record.id) && record.version > 0 && body != NULL;
    if (is_ours) {
        record.body_length = (size_t)sqlite3_column_bytes(statement, 5);
        record.body = arena_copy(arena, body, record.body_length);
    } else if (record.version <= 0) {
        record.version = 1;
    }
    *ret_record = record;
}

static bool load_one(struct lane *lane, const char *id, struct arena *arena,
                     struct record *ret_record, struct error *error)
{
    sqlite3_stmt *statement = lane->statements[LANE_LOAD];
    bind_text(statement, 1, id);
    int code = sqlite3_step(statement);
    bool is_read = true;
    if (code == SQLITE_ROW) {
        read_record(statement, arena, ret_record);
    } else if (code == SQLITE_DONE) {
        *ret_record = (struct record){ 0 };
        memcpy(ret_record->id, id, strnlen(id, IDENT_BYTES_MAX));
    } else {
        is_read = lane_fail(lane, error);
    }
    sqlite3_reset(statement);
    return is_read;
}

static bool sqlite_load(void *self, const char *const *ids, size_t count, struct arena *arena,
                        struct record *ret_records, struct error *error)
{
    assert(count <= STORE_CALL_MAX);
    CLEANUP(lane_return) struct lane *lane = lane_take_reader(self, error);
    if (lane == NULL || !lane_run(lane, LANE_BEGIN_READ, error))
        return false;
    bool is_good = true;
    for (size_t i = 0; i < count && is_good; i++)
        is_good = load_one(lane, ids[i], arena, &ret_records[i], error);
    return lane_finish(lane, is_good, error);
}

static bool save_by(struct lane *lane, enum lane_statement which, const struct record *record,
                    enum save_result *ret_result, struct error *error)
{
    sqlite3_stmt *statement = lane->statements[which];
    bind_text(statement, 1, record->id);
    bind_number(statement, 2, record->version);
    bind_number(statement, 3, record->created_at_ms);
    bind_number(statement, 4, record->due_at_ms);
    bind_number(statement, 5, record->owed_at_ms);
    bind_bytes(statement, 6, record->body, record->body_length);
    if (!lane_run(lane, which, error))
        return false;
    *ret_result = sqlite3_changes(lane->connection) == 1 ? SAVE_SAVED : SAVE_CONFLICT;
    return true;
}

static bool save_one(struct lane *lane, const struct record *record, enum save_result *ret_result,
                     struct error *error)
{
    assert(record->version >= 0 && record->body_length <= STORE_BODY_BYTES_MAX);
    *ret_result = SAVE_CONFLICT;
    if (record->version > 0 && !save_by(lane, LANE_UPDATE, record, ret_result, error))
        return false;
    /* A removed document comes back, where MongoDB refuses; nothing of ours removes any. */
    return *ret_result == SAVE_SAVED || save_by(lane, LANE_INSERT, record, ret_result, error);
}

static bool sqlite_save(void *self, const struct record *records, size_t count,
                        enum save_result *ret_results, struct error *error)
{
    assert(count <= STORE_CALL_MAX);
    CLEANUP(lane_return) struct lane *lane = lane_take_saver(self, error);
    if (lane == NULL || !lane_sync(lane, LANE_SYNC_COMMITS, error) ||
        !lane_run(lane, LANE_BEGIN_WRITE, error))
        return false;
    bool is_good = true;
    for (size_t i = 0; i < count && is_good; i++)
        is_good = save_one(lane, &records[i], &ret_results[i], error);
    return lane_finish(lane, is_good, error);
}

static bool clear_one(struct lane *lane, const char *id, int64_t version, struct error *error)
{
    bind_text(lane->statements[LANE_CLEAR], 1, id);
    bind_number(lane->statements[LANE_CLEAR], 2, version);
    return lane_run(lane, LANE_CLEAR, error);
}

/* Reaches the disk with the next save: to lose it costs a harmless republish. */
static bool sqlite_clear_owed(void *self, const char *const *ids, const int64_t *versions,
                              size_t count, struct error *error)
{
    assert(count <= STORE_CALL_MAX);
    CLEANUP(lane_return) struct lane *lane = lane_take_saver(self, error);
    if (lane == NULL || !lane_sync(lane, LANE_SYNC_CHECKPOINTS, error) ||
        !lane_run(lane, LANE_BEGIN_WRITE, error))
        return false;
    bool is_good = true;
    for (size_t i = 0; i < count && is_good; i++)
        is_good = clear_one(lane, ids[i], versions[i], error);
    return lane_finish(lane, is_good, error);
}

static bool find_waiting(void *self, enum lane_statement which, const struct store_look *look,
                         char (*ret_ids)[IDENT_SIZE], size_t *ret_count, struct error *error)
{
    assert(look->after_ms >= 0);
    CLEANUP(lane_return) struct lane *lane = lane_take_reader(self, error);
    if (lane == NULL)
        return false;
    sqlite3_stmt *statement = lane->statements[which];
    bind_number(statement, 1, look->after_ms);
    bind_number(statement, 2, look->before_ms);
    bind_number(statement, 3, (int64_t)look->limit);
    bind_number(statement, 4, (int64_t)look->skip);
    size_t count = 0;
    int code = SQLITE_DONE;
    while (count < look->limit && (code = sqlite3_step(statement)) == SQLITE_ROW)
        count += read_id(statement, ret_ids[count]) ? 1 : 0;
    bool is_good = code == SQLITE_ROW || code == SQLITE_DONE || lane_fail(lane, error);
    sqlite3_reset(statement);
    *ret_count = is_good ? count : 0;
    return is_good;
}

static bool sqlite_due(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                       size_t *ret_count, struct error *error)
{
    return find_waiting(self, LANE_DUE, look, ret_ids, ret_count, error);
}

static bool sqlite_owed(void *self, const struct store_look *look, char (*ret_ids)[IDENT_SIZE],
                        size_t *ret_count, struct error *error)
{
    return find_waiting(self, LANE_OWED, look, ret_ids, ret_count, error);
}

static bool sqlite_count_owed(void *self, size_t limit, size_t *ret_count, struct error *error)
{
    CLEANUP(lane_return) struct lane *lane = lane_take_reader(self, error);
    if (lane == NULL)
        return false;
    sqlite3_stmt *statement = lane->statements[LANE_COUNT_OWED];
    bind_number(statement, 1, (int64_t)limit);
    bool is_counted = sqlite3_step(statement) == SQLITE_ROW || lane_fail(lane, error);
    if (is_counted)
        *ret_count = (size_t)sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return is_counted;
}

static bool sqlite_list(void *self, const struct store_cursor *after, size_t limit,
                        struct arena *arena, struct record *ret_records, size_t *ret_count,
                        struct error *error)
{
    assert(limit <= STORE_LIST_MAX);
    CLEANUP(lane_return) struct lane *lane = lane_take_reader(self, error);
    if (lane == NULL)
        return false;
    sqlite3_stmt *statement = lane->statements[LANE_LIST];
    bool is_first = after->created_at_ms == 0;
    bind_number(statement, 1, is_first ? INT64_MAX : after->created_at_ms);
    bind_text(statement, 2, is_first ? "" : after->id);
    bind_number(statement, 3, (int64_t)limit);
    size_t count = 0;
    int code = SQLITE_DONE;
    while (count < limit && (code = sqlite3_step(statement)) == SQLITE_ROW)
        read_record(statement, arena, &ret_records[count++]);
    bool is_good = code == SQLITE_ROW || code == SQLITE_DONE || lane_fail(lane, error);
    sqlite3_reset(statement);
    *ret_count = is_good ? count : 0;
    return is_good;
}

/* Takes the writer's lane, for that is how it learns of a file that was moved away; it reads only,
 * so another process that writes does not hold it up. */
static bool sqlite_ping(void *self, struct error *error)
{
    CLEANUP(lane_return) struct lane *lane = lane_take_writer(self, error);
    if (lane == NULL)
        return false;
    sqlite3_stmt *statement = lane->statements[LANE_COUNT_OWED];
    bind_number(statement, 1, 1);
    bool is_there = sqlite3_step(statement) == SQLITE_ROW || lane_fail(lane, error);
    sqlite3_reset(statement);
    return is_there;
}

static bool sqlite_pulse(void *self, struct error *error)
{
    CLEANUP(lane_return) struct lane *lane = lane_take_writer(self, error);
    if (lane == NULL || !lane_sync(lane, LANE_SYNC_COMMITS, error) ||
        !lane_run(lane, LANE_BEGIN_WRITE, error))
        return false;
    return lane_finish(lane, lane_run(lane, LANE_PULSE, error), error);
}

static void sqlite_close(void *self)
{
    sqlite_file_close(self);
}

bool sqlite_store_open(const char *path, const char *service, const char *table,
                       struct store *ret_store, struct error *error)
{
    assert(ret_store != NULL);
    struct sqlite_file *file = sqlite_file_open(path, service, table, error);
    if (file == NULL)
        return false;
    *ret_store = (struct store){
        .port = { .self = file,
                  .load = sqlite_load,
                  .save = sqlite_save,
                  .clear_owed = sqlite_clear_owed,
                  .due = sqlite_due,
                  .owed = sqlite_owed,
                  .count_owed = sqlite_count_owed,
                  .list = sqlite_list,
                  .ping = sqlite_ping,
                  .pulse = sqlite_pulse },
        .close = sqlite_close,
    };
    return true;
}
