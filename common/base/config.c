/* config.c - reads and checks each type of value, and prints the table as help or, without secrets,
 * as it was read. */
#include "common/base/config.h"
#include "common/base/config_nearest.h"
#include "common/base/money.h"
#include "common/base/text.h"
#include "common/base/url.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void target_set(void *target, const struct config_option *option, const void *value,
                       size_t size)
{
    memcpy((char *)target + option->offset, value, size);
}

static int64_t int_get(const void *target, const struct config_option *option)
{
    int64_t value;
    memcpy(&value, (const char *)target + option->offset, sizeof value);
    return value;
}

static const char *text_get(const void *target, const struct config_option *option)
{
    const char *text;
    memcpy(&text, (const char *)target + option->offset, sizeof text);
    return text;
}

static bool int_read(const struct config_option *option, const char *text, void *target,
                     FILE *messages)
{
    int64_t value;
    if (!text_read_int(text, &value) || value < option->minimum || value > option->maximum) {
        fprintf(messages, "%s is \"%s\": must be an integer from %" PRId64 " to %" PRId64 "\n",
                option->name, text, option->minimum, option->maximum);
        return false;
    }
    target_set(target, option, &value, sizeof value);
    return true;
}

static bool is_scheme_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '.' || c == '-';
}

/* sqlite:FILE, sqlite:///absolute/FILE: not //host, where a blank is a mistake. */
static bool is_file_path(const char *rest)
{
    return strncmp(rest, "//", 2) != 0 || rest[2] == '/';
}

/* Only the shape: what the scheme means is for the library that opens it. */
static bool url_is_valid(const char *text)
{
    size_t scheme = 0;
    while (is_scheme_char(text[scheme]))
        scheme++;
    if (scheme == 0 || text[scheme] != ':' || text[scheme + 1] == '\0')
        return false;
    bool may_have_blanks = is_file_path(text + scheme + 1);
    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f || (*at == ' ' && !may_have_blanks))
            return false;
    return true;
}

static bool address_is_valid(const char *text)
{
    struct in_addr address;
    return inet_pton(AF_INET, text, &address) == 1;
}

static bool value_read(const struct config_option *option, const char *text, void *target,
                       FILE *messages)
{
    switch (option->type) {
    case CONFIG_INT:
        return int_read(option, text, target, messages);
    case CONFIG_CHOICE:
        if (!text_is_choice(option->choices, text)) {
            fprintf(messages, "%s is \"%s\": must be one of %s\n", option->name, text,
                    option->choices);
            return false;
        }
        break;
    case CONFIG_URL: /* not repeated in the message: a password may be in it */
        if (text[0] != '\0' && !url_is_valid(text)) {
            fprintf(messages,
                    "%s is not an address: must look like scheme:rest, with spaces only in a "
                    "file's path\n",
                    option->name);
            return false;
        }
        break;
    case CONFIG_HTTP:
        if (!url_is_http(text)) {
            fprintf(
                messages,
                "%s is no http address: must look like https://host:port, at most %d characters\n",
                option->name, URL_BYTES_MAX);
            return false;
        }
        break;
    case CONFIG_CURRENCY:
        if (!money_currency_is_valid(text, strlen(text))) {
            fprintf(messages,
                    "%s is no currency of ISO 4217: use three capital letters, such as EUR\n",
                    option->name);
            return false;
        }
        break;
    case CONFIG_ADDRESS:
        if (!address_is_valid(text)) {
            fprintf(messages, "%s is \"%s\": must be an IPv4 address, 0.0.0.0 for all\n",
                    option->name, text);
            return false;
        }
        break;
    case CONFIG_TEXT:
    case CONFIG_SECRET:
        break;
    }
    target_set(target, option, &text, sizeof text);
    return true;
}

static bool option_read(const struct config_option *option, void *target, FILE *messages)
{
    const char *text = getenv(option->name);
    if (text == NULL || text[0] == '\0')
        text = option->default_value;
    if (text == NULL) {
        fprintf(messages, "%s is not set: %s\n", option->name, option->meaning);
        return false;
    }
    return value_read(option, text, target, messages);
}

static const struct config_option *option_find(const struct config_option *const *tables,
                                               const char *name)
{
    for (size_t i = 0; tables[i] != NULL; i++)
        for (const struct config_option *option = tables[i]; option->name != NULL; option++)
            if (strcmp(option->name, name) == 0)
                return option;
    assert(false && "not_below names an option of the same tables");
    return NULL;
}

/* What one value alone cannot tell. */
static bool order_check(const struct config_option *const *tables,
                        const struct config_option *option, const void *target, FILE *messages)
{
    if (option->not_below == NULL)
        return true;
    const struct config_option *least = option_find(tables, option->not_below);
    if (int_get(target, option) >= int_get(target, least))
        return true;
    fprintf(messages,
            "%s (%" PRId64 ") is less than %s (%" PRId64 "): raise the one or lower the other\n",
            option->name, int_get(target, option), least->name, int_get(target, least));
    return false;
}

bool config_read(const struct config_option *const *tables, void *target, FILE *messages)
{
    assert(tables != NULL && target != NULL && messages != NULL);
    bool is_good = true;
    for (size_t i = 0; tables[i] != NULL; i++)
        for (const struct config_option *option = tables[i]; option->name != NULL; option++)
            is_good = option_read(option, target, messages) && is_good;
    bool is_in_order = is_good; /* of bad values nothing more can be told */
    for (size_t i = 0; is_good && tables[i] != NULL; i++)
        for (const struct config_option *option = tables[i]; option->name != NULL; option++)
            is_in_order = order_check(tables, option, target, messages) && is_in_order;
    config_warn_unknown(tables, messages);
    return is_in_order;
}

void config_defaults(const struct config_option *const *tables, void *target)
{
    for (size_t i = 0; tables[i] != NULL; i++)
        for (const struct config_option *option = tables[i]; option->name != NULL; option++) {
            bool is_good = option->default_value == NULL ||
                           value_read(option, option->default_value, target, stderr);
            assert(is_good && "a default is a value that may be set");
        }
}

static bool is_secret_parameter(const char *name, size_t length)
{
    static const char *const words[] = { "password", "secret", "token" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        for (size_t at = 0; at + strlen(words[i]) <= length; at++)
            if (strncasecmp(name + at, words[i], strlen(words[i])) == 0)
                return true;
    return false;
}

static void url_print_parameters(const char *at, FILE *out)
{
    while (*at != '\0') {
        size_t name = strcspn(at, "=&");
        size_t whole = strcspn(at, "&");
        if (name < whole && is_secret_parameter(at, name))
            fprintf(out, "%.*s=***", (int)name, at);
        else
            fprintf(out, "%.*s", (int)whole, at);
        at += whole;
        if (*at == '&')
            fputc(*at++, out);
    }
}

/* Masks up to the last @, since people forget to escape the / and @ of a password: rather too much
 * is hidden than too little. */
static void url_print(const char *url, FILE *out)
{
    const char *query = url + strcspn(url, "?");
    const char *authority = strstr(url, "//");
    const char *at_sign = strrchr(url, '@');
    if (authority != NULL && at_sign != NULL && authority < at_sign) {
        const char *colon = memchr(authority, ':', (size_t)(at_sign - authority));
        if (colon != NULL) {
            fprintf(out, "%.*s:***", (int)(colon - url), url);
            url = at_sign;
            query = url + strcspn(url, "?");
        }
    }
    fprintf(out, "%.*s", (int)(query - url), url);
    url_print_parameters(query, out);
}

static void value_print(const struct config_option *option, const void *target, FILE *out)
{
    switch (option->type) {
    case CONFIG_INT:
        fprintf(out, "%" PRId64, int_get(target, option));
        return;
    case CONFIG_SECRET:
        fputs(text_get(target, option)[0] != '\0' ? "***" : "", out);
        return;
    case CONFIG_URL:
    case CONFIG_HTTP:
        url_print(text_get(target, option), out);
        return;
    case CONFIG_TEXT:
    case CONFIG_CHOICE:
    case CONFIG_CURRENCY:
    case CONFIG_ADDRESS:
        fputs(text_get(target, option), out);
        return;
    }
}

void config_print(const struct config_option *const *tables, const void *target, FILE *out)
{
    assert(tables != NULL && target != NULL && out != NULL);
    for (size_t i = 0; tables[i] != NULL; i++) {
        for (const struct config_option *option = tables[i]; option->name != NULL; option++) {
            fprintf(out, "%s=", option->name);
            value_print(option, target, out);
            fputc('\n', out);
        }
    }
}

static void help_print_values(const struct config_option *option, FILE *out)
{
    switch (option->type) {
    case CONFIG_INT:
        fprintf(out, " (%" PRId64 " to %" PRId64 ")", option->minimum, option->maximum);
        return;
    case CONFIG_CHOICE:
        fprintf(out, " (%s)", option->choices);
        return;
    case CONFIG_TEXT:
    case CONFIG_SECRET:
    case CONFIG_URL:
    case CONFIG_HTTP:
    case CONFIG_CURRENCY:
    case CONFIG_ADDRESS:
        return;
    }
}

void config_print_help(const struct config_option *const *tables, FILE *out)
{
    assert(tables != NULL && out != NULL);
    for (size_t i = 0; tables[i] != NULL; i++) {
        for (const struct config_option *option = tables[i]; option->name != NULL; option++) {
            fprintf(out, "  %s\n      %s", option->name, option->meaning);
            help_print_values(option, out);
            if (option->default_value == NULL)
                fputs("; must be set", out);
            else if (option->default_value[0] != '\0')
                fprintf(out, "; default %s", option->default_value);
            fputc('\n', out);
        }
    }
}
