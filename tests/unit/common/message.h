#pragma once
/* Netlink messages put together for tests, in storage of exactly their size when parsed, so that a
 * sanitizer sees every step too far. */

#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

struct message {
    _Alignas(struct nlmsghdr) char bytes[65536];
};

static inline struct nlmsghdr *message_begin(struct message *m, uint16_t type, const void *head,
                                             size_t head_len)
{
    struct nlmsghdr *h = mnl_nlmsg_put_header(m->bytes);
    h->nlmsg_type = type;
    memcpy(mnl_nlmsg_put_extra_header(h, head_len), head, head_len);
    return h;
}

/* A copy without a spare byte behind it; the caller frees. */
static inline struct nlmsghdr *message_tight(const struct nlmsghdr *h, size_t len)
{
    struct nlmsghdr *copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, h, len);
    if (len >= sizeof(*copy))
        copy->nlmsg_len = (uint32_t)len;
    return copy;
}

/* Hex digits, blanks between them at will. */
static inline size_t message_from_hex(const char *hex, uint8_t *out, size_t size)
{
    size_t n = 0;
    for (; *hex; hex++) {
        if (*hex == ' ')
            continue;
        char digits[3] = {hex[0], hex[1], '\0'};
        char *end;
        assert_true(n < size);
        out[n++] = (uint8_t)strtoul(digits, &end, 16);
        assert_int_equal(*end, '\0');
        hex++;
    }
    return n;
}

/* A parser must answer every damaged form of a message with `refused` or take it, and never read
 * beyond it: all shorter lengths, and every byte overwritten. `parse` gives 0, `refused` or 1. */
static inline void message_torture(const struct nlmsghdr *h, int refused,
                                   int (*parse)(const struct nlmsghdr *m))
{
    static const uint8_t values[] = {0x00, 0x01, 0x03, 0x7f, 0xff};
    for (size_t len = sizeof(*h); len < h->nlmsg_len; len++) {
        struct nlmsghdr *copy = message_tight(h, len);
        int rc = parse(copy);
        assert_true(rc == 0 || rc == 1 || rc == refused);
        free(copy);
    }
    for (size_t at = sizeof(*h); at < h->nlmsg_len; at++)
        for (size_t i = 0; i < sizeof(values); i++) {
            struct nlmsghdr *copy = message_tight(h, h->nlmsg_len);
            ((uint8_t *)copy)[at] = values[i];
            int rc = parse(copy);
            assert_true(rc == 0 || rc == 1 || rc == refused);
            free(copy);
        }
}
