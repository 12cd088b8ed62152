#pragma once
/* Dates as HTTP writes them. */

#include <time.h>

#define HTTP_DATE_MAX 64

/* IMF-fixdate (RFC 9110 5.6.7), the same in every locale. Returns out. */
const char *http_date(time_t when, char out[static HTTP_DATE_MAX]);
