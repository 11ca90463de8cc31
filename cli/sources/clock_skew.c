/* clock_skew.c - asks by libcurl for the Date, and takes from both ends of the call how far it must
 * be off at least. */
#include "cli/sources/clock_skew.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/url.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#define CALL_TIMEOUT_MS 3000L
#define DATE_SIZE       64
#define SECOND_MS       1000

int64_t clock_skew_of(int64_t date_s, int64_t asked_ms, int64_t answered_ms)
{
    int64_t from_ms = date_s * SECOND_MS; /* theirs was in [from, from + 1 s) */
    int64_t to_ms = from_ms + SECOND_MS - 1;
    if (from_ms > answered_ms)
        return from_ms - answered_ms;
    if (to_ms < asked_ms)
        return to_ms - asked_ms;
    return 0;
}

static size_t header_take(char *bytes, size_t size, size_t count, void *self)
{
    static const char name[] = "date:";
    char *date = self;
    size_t length = size * count;
    if (length > sizeof name - 1 && length - sizeof name < DATE_SIZE &&
        strncasecmp(bytes, name, sizeof name - 1) == 0) {
        size_t rest = length - (sizeof name - 1);
        memcpy(date, bytes + sizeof name - 1, rest);
        date[rest] = '\0';
    }
    return length;
}

static size_t body_ignore(char *bytes, size_t size, size_t count, void *self)
{
    (void)bytes;
    (void)self;
    return size * count;
}

static bool call_set(CURL *curl, const char *url, char *date)
{
    if (url_is_loopback(url) && curl_easy_setopt(curl, CURLOPT_NOPROXY, "*") != CURLE_OK)
        return false;
    return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, CALL_TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, header_take) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERDATA, date) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_ignore) == CURLE_OK;
}

bool clock_skew_ask(const char *url, int64_t *ret_skew_ms, struct error *error)
{
    char date[DATE_SIZE + 8] = "";
    CURL *curl = memory_check(curl_easy_init());
    bool is_set = call_set(curl, url, date);
    int64_t asked_ms = clock_wall_ms();
    CURLcode code = is_set ? curl_easy_perform(curl) : CURLE_FAILED_INIT;
    int64_t answered_ms = clock_wall_ms();
    curl_easy_cleanup(curl);
    if (code != CURLE_OK)
        return error_set(error, ERROR_RETRY, "%s", curl_easy_strerror(code));
    time_t seconds = curl_getdate(date, NULL);
    if (seconds <= 0)
        return error_set(error, ERROR_NOT_FOUND, "the answer has no Date");
    *ret_skew_ms = clock_skew_of((int64_t)seconds, asked_ms, answered_ms);
    return true;
}
