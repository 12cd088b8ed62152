#include "http_source.h"

#include <stdint.h>
#include <stdlib.h>

struct http_source *http_source_take(struct map *sources, const struct ip *ip)
{
    size_t at;
    if (map_get(sources, IP_KEY(ip), &at)) {
        struct http_source *known = (struct http_source *)(uintptr_t)at;
        if (known->n == HTTP_WAITING_PER_SOURCE)
            return NULL;
        known->n++;
        return known;
    }
    struct http_source *source = malloc(sizeof(*source));
    if (!source)
        return NULL;
    *source = (struct http_source){.ip = *ip, .n = 1};
    if (map_add(sources, IP_KEY(&source->ip), (size_t)(uintptr_t)source) < 0) {
        free(source);
        return NULL;
    }
    return source;
}

void http_source_give(struct map *sources, struct http_source *source)
{
    if (--source->n > 0)
        return;
    map_remove(sources, IP_KEY(&source->ip));
    free(source);
}
