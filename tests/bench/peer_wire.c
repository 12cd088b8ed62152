#include "peer_wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int64_t wire_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int wire_connect(const struct sockaddr_in *server, struct in_addr source)
{
    const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = source};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (bind(fd, (const struct sockaddr *)&from, sizeof(from)) < 0 ||
        (connect(fd, (const struct sockaddr *)server, sizeof(*server)) < 0 &&
         errno != EINPROGRESS)) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

size_t wire_request(char *buf, size_t size, const char *target, const char *key, const char *tag,
                    unsigned wait_s)
{
    char prefer[48] = "";
    if (wait_s > 0)
        snprintf(prefer, sizeof(prefer), "Prefer: wait=%u\r\n", wait_s);
    int n = snprintf(buf, size,
                     "GET %s HTTP/1.1\r\nHost: innernet\r\nX-Innernet-Server-Key: %s\r\n"
                     "Accept-Encoding: gzip\r\n%s%s%s%s\r\n",
                     target, key, tag ? "If-None-Match: " : "", tag ? tag : "", tag ? "\r\n" : "",
                     prefer);
    return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

bool wire_parse_head(const char *data, struct wire_head *ret)
{
    const char *end = strstr(data, "\r\n\r\n");
    if (!end)
        return false;
    *ret = (struct wire_head){.len = (size_t)(end - data) + 4};
    if (strncmp(data, "HTTP/1.1 ", 9) == 0)
        ret->status = (unsigned)strtoul(data + 9, NULL, 10);
    for (const char *line = strstr(data, "\r\n"); line && line < end; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, "content-length: ", 16) == 0)
            ret->body_len = strtoul(line + 16, NULL, 10);
        else if (strncasecmp(line, "content-encoding: gzip\r", 23) == 0)
            ret->is_gzip = true;
    }
    if (ret->status == 304)
        ret->body_len = 0;
    return true;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The nearest rank. */
static double percentile_ms(const int64_t *ns, size_t n, size_t percent)
{
    size_t rank = (n * percent + 99) / 100;
    return n == 0 ? 0 : (double)ns[rank > 0 ? rank - 1 : 0] / 1e6;
}

void wire_print_latencies(int64_t *ns, size_t n)
{
    qsort(ns, n, sizeof(*ns), compare);
    printf("\"n\": %zu, \"p50_ms\": %.3f, \"p90_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f", n,
           percentile_ms(ns, n, 50), percentile_ms(ns, n, 90), percentile_ms(ns, n, 99),
           percentile_ms(ns, n, 100));
}
