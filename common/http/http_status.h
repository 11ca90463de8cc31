/* http_status.h - the reason phrases of RFC 9110 section 15. Pure. */
#pragma once

const char *http_status_text(int status); /* "Status" for a code that we never send */
