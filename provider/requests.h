/* requests.h - the bodies and headers of the provider's calls, read strictly. Pure. */
#pragma once

#include "common/base/attributes.h"
#include "common/json/json_read.h"
#include "provider/faults.h"
#include "provider/ledger.h"

#include <stdbool.h>
#include <stddef.h>

#define FAULT_TEXT_SIZE 64

/* The currency is the default one where the body leaves it out. key and fresh_id stay empty. */
MUST_CHECK bool charge_request_read(const char *body, size_t length, const char *default_currency,
                                    struct ledger_charge_request *ret,
                                    struct json_problem *problem);
MUST_CHECK bool refund_request_read(const char *body, size_t length, const char *default_currency,
                                    struct ledger_refund_request *ret,
                                    struct json_problem *problem);

/* A Structured Field string ("..." with \" and \\, RFC 8941) or, as Stripe's clients send it, the
 * bare text; visible ASCII, at least one character. */
MUST_CHECK bool idempotency_key_read(const char *header, char *buffer, size_t size);

struct fault_request {
    enum fault_target target;
    char fault[FAULT_TEXT_SIZE];
    int64_t count; /* 1 unless said */
    char payment_id[IDENT_SIZE];
};
MUST_CHECK bool fault_request_read(const char *body, size_t length, struct fault_request *ret,
                                   struct json_problem *problem);
