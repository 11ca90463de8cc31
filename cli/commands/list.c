/* list.c - roundtrip list: the newest bookings, and how many are in which state. */
#include "cli/commands/command.h"
#include "cli/screen/text.h"
#include "cli/sources/fetch.h"
#include "gateway/gateway.h"
#include "gateway/service.h"

#include <inttypes.h>
#include <string.h>

#define PAGE_LIMIT  100
#define PAGES_MAX   100 /* 10,000 bookings are looked at for --state */
#define CURSOR_SIZE 512

struct list_options {
    const char *output;
    const char *state;
    int64_t limit;
};

#define LIMIT_DEFAULT 20
static const struct argument list_arguments[] = {
    ARGUMENT(CHOICE, list_options, state, "--state",
             "only those: pending, confirmed, failed or cancelled", .letter = 's',
             .choices = "pending|confirmed|failed|cancelled"),
    ARGUMENT(INT, list_options, limit, "--limit", "at most so many, the newest first (20)",
             .letter = 'n', .minimum = 1, .maximum = PAGE_LIMIT * PAGES_MAX),
    OUTPUT_ARGUMENT(struct list_options),
    { 0 },
};

struct listing {
    const struct list_options *options;
    int64_t limit;
    cJSON *found; /* array */
    int64_t counts[GATEWAY_STATE_COUNT];
    int64_t looked_at;
    bool has_more;
    char cursor[CURSOR_SIZE];
};

static int64_t found_count(const struct listing *listing)
{
    return cJSON_GetArraySize(listing->found);
}

static void state_count(struct listing *listing, const char *state)
{
    for (int i = 0; i < GATEWAY_STATE_COUNT; i++)
        if (strcmp(state, gateway_state_text((enum gateway_state)i)) == 0)
            listing->counts[i]++;
}

/* Moves the bookings that are wanted out of the page. */
static void page_take(struct listing *listing, cJSON *page)
{
    cJSON *data = cJSON_GetObjectItemCaseSensitive(page, "data");
    while (cJSON_GetArraySize(data) > 0) {
        if (found_count(listing) == listing->limit) {
            listing->has_more = true;
            return;
        }
        cJSON *one = cJSON_DetachItemFromArray(data, 0);
        const char *state = json_text(one, "state");
        listing->looked_at++;
        state_count(listing, state);
        if (listing->options->state == NULL || strcmp(state, listing->options->state) == 0)
            cJSON_AddItemToArray(listing->found, one);
        else
            cJSON_Delete(one);
    }
    listing->has_more = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(page, "has_more")) != 0;
    snprintf(listing->cursor, sizeof listing->cursor, "%s", json_text(page, "next_cursor"));
}

static enum exit_status page_get(const struct cli *cli, struct listing *listing)
{
    char path[CURSOR_SIZE + 64];
    int64_t wanted = listing->limit - found_count(listing);
    int64_t limit = listing->options->state != NULL || wanted > PAGE_LIMIT ? PAGE_LIMIT : wanted;
    snprintf(path, sizeof path, "/bookings?limit=%" PRId64 "%s%s", limit,
             listing->cursor[0] != '\0' ? "&starting_after=" : "", listing->cursor);
    const struct question question = { .service = &gateway_service, .method = "GET", .path = path };
    CLEANUP(json_free) cJSON *page = NULL;
    enum exit_status status = fetch(cli, &question, &page);
    if (status == EXIT_OK)
        page_take(listing, page);
    return status;
}

static const char *bookings(int64_t count)
{
    return count == 1 ? "booking" : "bookings";
}

/* "12 bookings: 9 confirmed, 3 pending; there are older ones" */
static void counts_print(const struct cli *cli, const struct listing *listing)
{
    const char *before = ": ";
    if (listing->options->state != NULL)
        fprintf(cli->out, "%" PRId64 " %s of ", found_count(listing), listing->options->state);
    fprintf(cli->out, "%" PRId64 " %s", listing->looked_at, bookings(listing->looked_at));
    for (int i = 0; i < GATEWAY_STATE_COUNT; i++) {
        if (listing->counts[i] > 0) {
            fprintf(cli->out, "%s%" PRId64 " %s", before, listing->counts[i],
                    gateway_state_text((enum gateway_state)i));
            before = ", ";
        }
    }
    fputs(listing->has_more ? "; there are older ones (--limit)\n" : "\n", cli->out);
}

static void text_print_list(const struct cli *cli, const struct listing *listing)
{
    static const char *const heads[] = { "booking", "!state", "reason",
                                         "#amount", "user",   "created (UTC)" };
    const cJSON *one;
    struct table table;
    table_start(&table, heads, sizeof heads / sizeof heads[0]);
    cJSON_ArrayForEach(one, listing->found)
    {
        char money[TEXT_MONEY_SIZE] = "-";
        if (json_int(one, "amount", 0) > 0)
            text_money(json_int(one, "amount", 0), json_text(one, "currency"), money);
        table_add(&table, "%s", json_text(one, "intentId"));
        table_add(&table, "%s", json_text(one, "state"));
        table_add(&table, "%s", json_text(one, "reason"));
        table_add(&table, "%s", money);
        table_add(&table, "%s", json_text(one, "userId"));
        table_add(&table, "%s", json_text(one, "createdAt"));
    }
    if (found_count(listing) > 0) {
        table_print(&table, cli->out, cli->has_colours);
        fputc('\n', cli->out);
    }
    table_done(&table);
    counts_print(cli, listing);
}

static void json_print_list(const struct cli *cli, struct listing *listing)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddItemToObject(json, "bookings", listing->found);
    listing->found = NULL;
    cJSON *counts = cJSON_AddObjectToObject(json, "counts");
    for (int i = GATEWAY_PENDING; i < GATEWAY_STATE_COUNT; i++)
        cJSON_AddNumberToObject(counts, gateway_state_text((enum gateway_state)i),
                                (double)listing->counts[i]);
    cJSON_AddNumberToObject(json, "lookedAt", (double)listing->looked_at);
    cJSON_AddBoolToObject(json, "hasMore", listing->has_more);
    json_print(cli->out, json);
}

static enum exit_status list_run(struct cli *cli, const void *self)
{
    const struct list_options *options = self;
    struct listing listing = { .options = options,
                               .limit = options->limit > 0 ? options->limit : LIMIT_DEFAULT,
                               .found = cJSON_CreateArray() };
    enum exit_status status = EXIT_OK;
    for (int page = 0; page < PAGES_MAX && status == EXIT_OK; page++) {
        status = page_get(cli, &listing);
        if (!listing.has_more || listing.cursor[0] == '\0' ||
            found_count(&listing) >= listing.limit || *cli->is_stopped)
            break;
    }
    if (status == EXIT_OK && output_is_json(options->output))
        json_print_list(cli, &listing);
    else if (status == EXIT_OK)
        text_print_list(cli, &listing);
    cJSON_Delete(listing.found);
    return status;
}

const struct command command_list = {
    .name = "list",
    .summary = "the newest bookings, and how many are in which state",
    .arguments = list_arguments,
    .options_size = sizeof(struct list_options),
    .run = list_run,
};
