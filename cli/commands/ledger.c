/* ledger.c - roundtrip ledger: the payment provider's books, which have the last word on money. */
#include "cli/commands/command.h"
#include "cli/screen/text.h"
#include "cli/sources/fetch.h"
#include "common/base/ident.h"
#include "common/base/money.h"
#include "provider/service.h"

#include <inttypes.h>
#include <string.h>

#define PAGE_LIMIT     100
#define ACCOUNTS_MAX   10000
#define CURRENCIES_MAX 32
#define LIMIT_DEFAULT  50

struct ledger_options {
    const char *output;
    const char *payment_id;
    int64_t limit;
};

static const struct argument ledger_arguments[] = {
    ARGUMENT(IDENT, ledger_options, payment_id, "PAYMENT", "only this one"),
    ARGUMENT(INT, ledger_options, limit, "--limit",
             "at most so many payments (50); the sums are of all", .letter = 'n', .minimum = 1,
             .maximum = ACCOUNTS_MAX),
    OUTPUT_ARGUMENT(struct ledger_options),
    { 0 },
};

static enum exit_status get(const struct cli *cli, const char *path, cJSON **ret_json)
{
    const struct question question = { .service = &provider_service,
                                       .method = "GET",
                                       .path = path };
    return fetch(cli, &question, ret_json);
}

/* Appends a page to `accounts`; ret_after is where the next one begins. */
static enum exit_status page_get(const struct cli *cli, int64_t limit, char after[IDENT_SIZE],
                                 cJSON *accounts, bool *ret_has_more)
{
    char path[IDENT_SIZE + 64];
    CLEANUP(json_free) cJSON *page = NULL;
    snprintf(path, sizeof path, "/ledger?limit=%" PRId64 "%s%s", limit,
             after[0] != '\0' ? "&starting_after=" : "", after);
    enum exit_status status = get(cli, path, &page);
    if (status != EXIT_OK)
        return status;
    cJSON *data = cJSON_GetObjectItemCaseSensitive(page, "data");
    while (cJSON_GetArraySize(data) > 0) {
        cJSON *account = cJSON_DetachItemFromArray(data, 0);
        snprintf(after, IDENT_SIZE, "%.*s", IDENT_BYTES_MAX, json_text(account, "paymentId"));
        cJSON_AddItemToArray(accounts, account);
        *ret_has_more = true;
    }
    /* an empty page is the last one, whatever it says */
    *ret_has_more =
        *ret_has_more && cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(page, "has_more"));
    return EXIT_OK;
}

static enum exit_status accounts_get(const struct cli *cli, int64_t limit, cJSON *accounts,
                                     bool *ret_has_more)
{
    char after[IDENT_SIZE] = "";
    enum exit_status status = EXIT_OK;
    for (;;) {
        int64_t left = limit - cJSON_GetArraySize(accounts);
        *ret_has_more = false;
        status =
            page_get(cli, left < PAGE_LIMIT ? left : PAGE_LIMIT, after, accounts, ret_has_more);
        if (status != EXIT_OK || !*ret_has_more || cJSON_GetArraySize(accounts) >= limit)
            return status;
    }
}

static void refunds_text(const cJSON *account, char *text, size_t size)
{
    const cJSON *refunds = cJSON_GetObjectItemCaseSensitive(account, "refunds");
    int count = cJSON_GetArraySize(refunds);
    text[0] = '\0';
    if (count > 0)
        snprintf(text, size, "%s", json_text(cJSON_GetArrayItem(refunds, 0), "refundId"));
    if (count > 1)
        snprintf(text, size, "%d refunds", count);
}

static void account_add(struct table *table, const cJSON *account)
{
    const char *currency = json_text(account, "currency");
    char captured[TEXT_MONEY_SIZE];
    char refunded[TEXT_MONEY_SIZE];
    char refunds[IDENT_SIZE + 16];
    const char *status = json_text(account, "status");
    int64_t back = json_int(account, "refunded", 0);
    text_money(json_int(account, "captured", 0), currency, captured);
    text_money(back, currency, refunded);
    refunds_text(account, refunds, sizeof refunds);
    table_add(table, "%s", json_text(account, "paymentId"));
    table_add(table, "%s", json_text(account, "intentId"));
    table_add(table, "%s", json_text(account, "userId"));
    table_add(table, "%s", back > 0 ? "refunded" : status);
    table_add(table, "%s", captured);
    table_add(table, "%s", back > 0 ? refunded : "-");
    table_add(table, "%s", refunds);
}

static void accounts_print(const struct cli *cli, const cJSON *accounts)
{
    static const char *const heads[] = { "payment",   "booking",   "user",  "!status",
                                         "#captured", "#refunded", "refund" };
    const cJSON *account;
    struct table table;
    table_start(&table, heads, sizeof heads / sizeof heads[0]);
    cJSON_ArrayForEach(account, accounts)
    {
        account_add(&table, account);
    }
    if (cJSON_GetArraySize(accounts) > 0)
        table_print(&table, cli->out, cli->has_colours);
    table_done(&table);
}

/* Per currency, from the provider itself: all of its books, not only what is shown. */
static void sums_print(const struct cli *cli, const cJSON *summary)
{
    static const char *const heads[] = { "sums", "#payments", "#captured", "#refunded", "#kept" };
    const cJSON *sums;
    struct table table;
    const cJSON *currencies = cJSON_GetObjectItemCaseSensitive(summary, "currencies");
    table_start(&table, heads, sizeof heads / sizeof heads[0]);
    cJSON_ArrayForEach(sums, currencies)
    {
        char captured[TEXT_MONEY_SIZE];
        char refunded[TEXT_MONEY_SIZE];
        char kept[TEXT_MONEY_SIZE];
        int64_t in = json_int(sums, "captured", 0);
        int64_t out = json_int(sums, "refunded", 0);
        text_money(in, sums->string, captured);
        text_money(out, sums->string, refunded);
        text_money(in - out, sums->string, kept);
        table_add(&table, "%s", sums->string);
        table_add(&table, "%" PRId64, json_int(sums, "charges", 0));
        table_add(&table, "%s", captured);
        table_add(&table, "%s", refunded);
        table_add(&table, "%s", kept);
    }
    fputc('\n', cli->out);
    if (cJSON_GetArraySize(currencies) > 0)
        table_print(&table, cli->out, cli->has_colours);
    else
        fputs("the books are empty\n", cli->out);
    if (json_int(summary, "webhooks_pending", 0) > 0)
        fprintf(cli->out, "%" PRId64 " webhooks have not been acknowledged yet\n",
                json_int(summary, "webhooks_pending", 0));
    table_done(&table);
}

static enum exit_status account_run(struct cli *cli, const struct ledger_options *options)
{
    char path[IDENT_SIZE + 16];
    cJSON *account = NULL;
    snprintf(path, sizeof path, "/ledger/%s", options->payment_id);
    enum exit_status status = get(cli, path, &account);
    if (status != EXIT_OK)
        return status;
    if (output_is_json(options->output)) {
        json_print(cli->out, account);
        return EXIT_OK;
    }
    CLEANUP(json_free) cJSON *accounts = cJSON_CreateArray();
    cJSON_AddItemToArray(accounts, account);
    accounts_print(cli, accounts);
    return EXIT_OK;
}

static enum exit_status ledger_run(struct cli *cli, const void *self)
{
    const struct ledger_options *options = self;
    bool has_more = false;
    if (options->payment_id != NULL)
        return account_run(cli, options);
    CLEANUP(json_free) cJSON *accounts = cJSON_CreateArray();
    CLEANUP(json_free) cJSON *summary = NULL;
    int64_t limit = options->limit > 0 ? options->limit : LIMIT_DEFAULT;
    enum exit_status status = accounts_get(cli, limit, accounts, &has_more);
    if (status == EXIT_OK)
        status = get(cli, "/ledger/summary", &summary);
    if (status != EXIT_OK)
        return status;
    if (output_is_json(options->output)) {
        cJSON *json = cJSON_CreateObject();
        cJSON_AddItemToObject(json, "payments", accounts);
        cJSON_AddItemToObject(json, "summary", summary);
        cJSON_AddBoolToObject(json, "hasMore", has_more);
        accounts = summary = NULL;
        json_print(cli->out, json);
        return EXIT_OK;
    }
    accounts_print(cli, accounts);
    if (has_more)
        fputs("and more (--limit)\n", cli->out);
    sums_print(cli, summary);
    return EXIT_OK;
}

const struct command command_ledger = {
    .name = "ledger",
    .summary = "the payment provider's books, with sums per currency",
    .arguments = ledger_arguments,
    .options_size = sizeof(struct ledger_options),
    .run = ledger_run,
};
