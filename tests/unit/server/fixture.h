#pragma once
/* The fixture of spec/server.md 8.1 as a database in a temporary folder. Included by one test each.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "registry.h"
#include "store.h"

#define UNUSED __attribute__((unused))

struct fixture {
    char dir[64];
    char path[96];
};

static UNUSED struct key key_of(uint8_t fill)
{
    struct key k;
    memset(k.bytes, fill, sizeof(k.bytes));
    return k;
}

static UNUSED struct ip ip_of(const char *text)
{
    struct ip ip;
    assert_int_equal(ip_parse(text, &ip), 0);
    return ip;
}

static UNUSED struct network network_of(const char *text)
{
    struct network net;
    assert_int_equal(network_parse(text, &net, NULL), 0);
    return net;
}

static UNUSED struct endpoint endpoint_of(const char *text)
{
    struct endpoint ep;
    assert_int_equal(endpoint_parse(text, &ep, NULL), 0);
    return ep;
}

static UNUSED struct sock_addr sock_addr_of(const char *text)
{
    struct sock_addr sa;
    assert_int_equal(sock_addr_parse(text, &sa), 0);
    return sa;
}

static UNUSED int64_t put_cidr(struct store *s, const char *name, const char *net, int64_t parent)
{
    int64_t id = 0;
    struct err err = ERR_INIT;
    struct cidr c = {.name = (char *)(uintptr_t)name,
                     .net = network_of(net),
                     .has_parent = parent != 0,
                     .parent = parent};
    if (store_insert_cidr(s, &c, &id, &err) < 0)
        fail_msg("%s", err.text);
    return id;
}

static UNUSED int64_t put_peer(struct store *s, const char *name, const char *ip, int64_t cidr_id,
                               uint8_t key_fill, bool is_admin)
{
    int64_t id = 0;
    struct err err = ERR_INIT;
    struct peer p = {.name = (char *)(uintptr_t)name,
                     .ip = ip_of(ip),
                     .cidr_id = cidr_id,
                     .public_key = key_of(key_fill),
                     .is_admin = is_admin,
                     .is_redeemed = true};
    if (store_insert_peer(s, &p, &id, &err) < 0)
        fail_msg("%s", err.text);
    return id;
}

static UNUSED void fixture_folder(struct fixture *f)
{
    snprintf(f->dir, sizeof(f->dir), "/tmp/innernet-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/test.db", f->dir);
}

/* An empty file for store_create. */
static UNUSED void fixture_touch(const struct fixture *f)
{
    FILE *file = fopen(f->path, "wxe");
    assert_non_null(file);
    fclose(file);
}

static UNUSED void fixture_rows(struct store *s)
{
    struct endpoint external = endpoint_of("155.155.155.155:54321");
    assert_int_equal(put_cidr(s, "test", "10.80.0.0/15", 0), 1);
    assert_int_equal(put_cidr(s, SERVER_NAME, "10.80.0.1/32", 1), 2);
    assert_int_equal(put_peer(s, SERVER_NAME, "10.80.0.1", 2, 1, true), 1);
    assert_int_equal(store_set_peer_endpoint(s, 1, &external, NULL), 0);
    assert_int_equal(put_cidr(s, "admin", "10.80.1.0/24", 1), 3);
    assert_int_equal(put_peer(s, "admin", "10.80.1.1", 3, 2, true), 2);
    assert_int_equal(put_cidr(s, "developer", "10.80.64.0/24", 1), 4);
    assert_int_equal(put_peer(s, "developer1", "10.80.64.2", 4, 3, false), 3);
    assert_int_equal(put_peer(s, "developer2", "10.80.64.3", 4, 4, false), 4);
    assert_int_equal(put_cidr(s, "user", "10.80.128.0/17", 1), 5);
    assert_int_equal(put_peer(s, "user1", "10.80.128.2", 5, 5, false), 5);
    assert_int_equal(put_peer(s, "user2", "10.80.129.2", 5, 6, false), 6);
}

static UNUSED void fixture_init(struct fixture *f)
{
    struct store *s = NULL;
    struct err err = ERR_INIT;
    fixture_folder(f);
    fixture_touch(f);
    if (store_create(f->path, &s, &err) < 0)
        fail_msg("%s", err.text);
    fixture_rows(s);
    assert_int_equal(store_commit(s, &err), 0);
    store_close(s);
}

static UNUSED void fixture_done(struct fixture *f)
{
    char journal[128];
    snprintf(journal, sizeof(journal), "%s-journal", f->path);
    unlink(journal);
    unlink(f->path);
    assert_int_equal(rmdir(f->dir), 0);
}
