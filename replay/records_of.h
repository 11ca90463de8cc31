/* records_of.h - whose stored documents. */
#pragma once

enum records_of { RECORDS_GATEWAY, RECORDS_BOOKING, RECORDS_PAYMENT, RECORDS_COUNT };

const char *records_name(enum records_of which); /* "booking" */
