/* url_clean.h - URLs as they may be shown: without credentials. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define URL_CLEAN_SIZE 256
#define URL_HOST_SIZE  128

/* A query without secrets: the value of a parameter whose name says key, secret, token, password,
 * signature or the like becomes REDACTED. False (and "") when it does not fit. */
bool url_query_clean(const char *query, char ret_text[URL_CLEAN_SIZE]);

/* The whole URL: user and password go, the query is cleaned, the fragment goes. */
bool url_clean(const char *url, char ret_text[URL_CLEAN_SIZE]);

/* Host and port (the scheme's default where it has none; 0 for an unknown scheme). */
bool url_authority(const char *url, char ret_host[URL_HOST_SIZE], int *ret_port);
