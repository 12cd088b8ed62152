/* Bodies: who shares them, when they are made anew, and when the old one stays. */
#include "api_fixture.h"

#define DEVELOPERS 4
#define USERS 5

static struct body *state_of(int64_t cidr_id)
{
    struct snapshot_entry *entry = snapshot_state(&snapshot, cidr_id);
    assert_non_null(entry);
    return entry->body;
}

static void disable_dev2(struct store *s)
{
    assert_int_equal(store_set_peer_disabled(s, 4, true, NULL), 0);
}

static void enable_dev2(struct store *s)
{
    assert_int_equal(store_set_peer_disabled(s, 4, false, NULL), 0);
}

static void associate_both(struct store *s)
{
    int64_t id;
    struct association a = {.cidr_id_1 = DEVELOPERS, .cidr_id_2 = USERS};
    assert_int_equal(store_insert_association(s, &a, &id, NULL), 0);
}

static void change(void (*how)(struct store *s))
{
    elsewhere(how);
    assert_int_equal(registry_sync(&registry, NULL), 0);
}

static void bodies_are_made_once_per_change(void **state)
{
    (void)state;
    struct body *before = body_ref(state_of(DEVELOPERS));
    assert_ptr_equal(state_of(DEVELOPERS), before);
    assert_true(snapshot.n_builds == 1);
    change(disable_dev2);
    assert_true(snapshot.n_builds == 1); /* nobody has asked */
    assert_ptr_not_equal(state_of(DEVELOPERS), before);
    assert_true(snapshot.n_builds == 2);
    assert_string_not_equal(state_of(DEVELOPERS)->etag[BODY_PLAIN], before->etag[BODY_PLAIN]);
    change(enable_dev2);
    assert_string_equal(state_of(DEVELOPERS)->etag[BODY_PLAIN], before->etag[BODY_PLAIN]);
    body_unref(before);
}

/* With what was made of it. */
static void an_unchanged_body_stays(void **state)
{
    (void)state;
    struct body *before = state_of(USERS);
    assert_int_equal(body_compress(before), 0);
    change(disable_dev2);
    assert_ptr_equal(state_of(USERS), before);
    assert_non_null(before->gzip);
}

static void equal_views_share_a_body(void **state)
{
    (void)state;
    assert_ptr_not_equal(state_of(DEVELOPERS), state_of(USERS));
    change(associate_both);
    uint64_t n_builds = snapshot.n_builds;
    assert_ptr_equal(state_of(DEVELOPERS), state_of(USERS));
    assert_true(snapshot.n_builds == n_builds + 1);
    assert_non_null(strstr(state_of(USERS)->data, "\"name\":\"developer1\""));
}

static void the_forms_have_their_tags(void **state)
{
    (void)state;
    const struct body *b = state_of(DEVELOPERS);
    assert_int_equal(strlen(b->etag[BODY_PLAIN]), 24);
    assert_memory_equal(b->etag[BODY_GZIP], b->etag[BODY_PLAIN], 23);
    assert_string_equal(b->etag[BODY_GZIP] + 23, "-gzip\"");
}

static struct api_response conditional(const char *etag, const char *coding)
{
    struct api_response response;
    struct api_request req = {.method = API_GET,
                              .path = "/v1/user/state",
                              .server_key = server_key,
                              .source = ip_of(DEV1)};
    field_add(&req.if_none_match, etag);
    if (coding)
        field_add(&req.accept_encoding, coding);
    field_add(&req.prefer, "wait=400");
    api_respond(&api, &req, &response);
    return response;
}

static void answers_are_by_form_and_tag(void **state)
{
    (void)state;
    char tags[BODY_N_FORMS][BODY_ETAG_MAX];
    memcpy(tags, state_of(DEVELOPERS)->etag, sizeof(tags));
    static const struct {
        enum body_form tag;
        const char *coding;
        int status;
    } rows[] = {
        {BODY_PLAIN, NULL, 304},  {BODY_GZIP, NULL, 200},  {BODY_PLAIN, "gzip", 200},
        {BODY_GZIP, "gzip", 304}, {BODY_PLAIN, "br", 304}, {BODY_GZIP, "gzip;q=0", 200},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct api_response r = conditional(tags[rows[i].tag], rows[i].coding);
        bool gzip = rows[i].coding && strcmp(rows[i].coding, "gzip") == 0;
        assert_int_equal(r.status, rows[i].status);
        assert_int_equal(r.form, gzip ? BODY_GZIP : BODY_PLAIN);
        assert_int_equal(r.varies, rows[i].coding != NULL);
        assert_int_equal(r.wait_s, FIELD_WAIT_MAX_S);
        assert_true(r.status != 200 || !gzip || r.body->gzip_len > 0);
        api_response_done(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(bodies_are_made_once_per_change), CASE(an_unchanged_body_stays),
        CASE(equal_views_share_a_body),        CASE(the_forms_have_their_tags),
        CASE(answers_are_by_form_and_tag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
