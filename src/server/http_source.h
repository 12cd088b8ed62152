#pragma once
/* How many wait from one address. */

#include <stdbool.h>

#include "innernet/addr.h"
#include "innernet/map.h"

#define HTTP_WAITING_PER_SOURCE 16

struct http_source {
    struct ip ip;
    unsigned n;
};

/* One more from there: NULL when there are enough, or memory is short. */
struct http_source *http_source_take(struct map *sources, const struct ip *ip);
void http_source_give(struct map *sources, struct http_source *source);
