/* What a peer says and hears, for programs that play many peers. */

#ifndef BENCH_PEER_WIRE_H
#define BENCH_PEER_WIRE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t wire_now_ns(void);

/* A socket that does not block, on its way from `source` to `server`. A negative errno else. */
int wire_connect(const struct sockaddr_in *server, struct in_addr source);

/* A GET of `target` that asks for gzip; with If-None-Match when `tag` is not NULL, and with Prefer
 * when wait_s > 0. Returns its length, at most size - 1. */
size_t wire_request(char *buf, size_t size, const char *target, const char *key, const char *tag,
                    unsigned wait_s);

struct wire_head {
    size_t len; /* with its empty line */
    unsigned status;
    size_t body_len;
    bool is_gzip;
};

/* Reads an answer's head. True when it is all there. `data` must be a string. */
bool wire_parse_head(const char *data, struct wire_head *ret);

/* Sorts n latencies in nanoseconds and prints them as members of a JSON object:
 * "n": 3, "p50_ms": 1.000, ... */
void wire_print_latencies(int64_t *ns, size_t n);

#endif
