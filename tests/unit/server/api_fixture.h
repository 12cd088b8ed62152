#pragma once
/* An API over the fixture whose device takes notes. Included by one test each. */

#include "api.h"
#include "fixture.h"

#define NOW 1800000000

static struct fixture fixture;
static struct registry registry;
static struct endpoints endpoints;
static struct snapshot snapshot;
static struct api api;
static char server_key[KEY_TEXT_MAX];

/* What the device was told. */
static int device_answer;
static int64_t device_changed;
static int64_t device_redeemed;
static struct key device_old_key;
static unsigned device_adds;

static UNUSED int device_add(void *user, const struct peer *p, struct err *err)
{
    (void)user;
    assert_true(p->id > 0);
    device_adds++;
    return device_answer < 0 ? err_set(err, device_answer, "no device") : 0;
}

static UNUSED void device_change(void *user, int64_t id)
{
    (void)user;
    device_changed = id;
}

static UNUSED void device_redeem(void *user, int64_t id, const struct key *old_key)
{
    (void)user;
    device_redeemed = id;
    device_old_key = *old_key;
}

static const struct api_device device = {
    .add_peer = device_add, .peer_changed = device_change, .peer_redeemed = device_redeem};

static UNUSED struct timespec fixed_now(void)
{
    return (struct timespec){.tv_sec = NOW, .tv_nsec = 500000000};
}

static UNUSED int setup(void **state)
{
    (void)state;
    struct key key = key_of(1);
    fixture_init(&fixture);
    assert_int_equal(registry_open(&registry, fixture.path, NULL), 0);
    registry.own_key = key;
    key_format(&key, server_key);
    endpoints = ENDPOINTS_INIT;
    snapshot_init(&snapshot, &registry.model, &endpoints);
    api = (struct api){.registry = &registry,
                       .snapshot = &snapshot,
                       .server_key = key,
                       .device = &device,
                       .now = fixed_now};
    device_answer = 0;
    device_changed = device_redeemed = 0;
    device_adds = 0;
    return 0;
}

static UNUSED int teardown(void **state)
{
    (void)state;
    snapshot_done(&snapshot);
    endpoints_done(&endpoints);
    registry_close(&registry);
    fixture_done(&fixture);
    return 0;
}

/* --- requests --- */

static char last_body[65536];

static UNUSED int run(const struct api_request *req)
{
    struct api_response response;
    if (api_begin(&api, req, &response) != API_ANSWERED)
        assert_int_equal(api_respond(&api, req, &response), API_ANSWERED);
    last_body[0] = '\0';
    if (response.body) {
        assert_true(response.body->len < sizeof(last_body));
        memcpy(last_body, response.body->data, response.body->len);
        last_body[response.body->len] = '\0';
    }
    int status = response.status;
    api_response_done(&response);
    return status;
}

#define ADMIN "10.80.1.1"
#define DEV1 "10.80.64.2"
#define USER1 "10.80.128.2"

static UNUSED int ask(const char *source, enum api_method method, const char *path,
                      const char *body)
{
    const struct api_request req = {.method = method,
                                    .path = path,
                                    .server_key = server_key,
                                    .source = ip_of(source),
                                    .has_content_length = body != NULL,
                                    .content_length = body ? strlen(body) : 0,
                                    .body = body,
                                    .body_len = body ? strlen(body) : 0};
    return run(&req);
}

#define GET(source, path) ask(source, API_GET, path, NULL)

static UNUSED const struct peer *stored(int64_t id)
{
    return model_find_peer(&registry.model, id);
}

/* A second process. */
static UNUSED void elsewhere(void (*change)(struct store *s))
{
    struct store *s;
    assert_int_equal(store_open(fixture.path, &s, NULL), 0);
    change(s);
    store_close(s);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
