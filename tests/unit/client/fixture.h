#pragma once
/* Records for the client's tests, made short. Header only: each test is an executable of its own.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "innernet/fsutil.h"
#include "innernet/record.h"
#include "innernet/wg.h"

static inline struct ip ip_of(const char *text)
{
    struct ip ip;
    assert_int_equal(ip_parse(text, &ip), 0);
    return ip;
}

static inline struct network network_of(const char *text)
{
    struct network net;
    assert_int_equal(network_parse(text, &net, NULL), 0);
    return net;
}

static inline struct sock_addr sock_addr_of(const char *text)
{
    struct sock_addr sa;
    assert_int_equal(sock_addr_parse(text, &sa), 0);
    return sa;
}

static inline struct endpoint endpoint_of(const char *text)
{
    struct endpoint ep;
    assert_int_equal(endpoint_parse(text, &ep, NULL), 0);
    return ep;
}

/* Keys that differ in their last byte. */
static inline struct key key_of(uint8_t n)
{
    struct key key = {.bytes = {1, 2, 3}};
    key.bytes[KEY_LEN - 1] = n;
    return key;
}

/* An enabled peer with key_of(n). `name` and candidates are owned as everywhere. */
static inline struct peer peer_of(const char *name, const char *ip, uint8_t n)
{
    return (struct peer){.id = n,
                         .name = strdup(name),
                         .ip = ip_of(ip),
                         .cidr_id = 1,
                         .public_key = key_of(n),
                         .is_redeemed = true};
}

static inline void test_data(const char *name, struct buf *ret)
{
    CLEAN_FREE char *path = fs_join(TEST_DATA, name, "");
    struct err err = ERR_INIT;
    if (fs_read_file(path, 1 << 20, ret, NULL, &err) < 0)
        fail_msg("%s", err.text);
}
