#include "golden.h"
#include "innernet/listing.h"
#include "innernet/log.h"
#include "innernet/record.h"
#include "unit.h"

static struct state store;

static int set_up(void **state)
{
    (void)state;
    CLEAN_BUF struct buf text = BUF_INIT;
    golden_read("store.json", &text);
    return record_decode_store(text.data, text.len, NULL, NULL, &store, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    state_done(&store);
    color_override(-1);
    return 0;
}

static void assert_golden(const struct buf *out, const char *name)
{
    CLEAN_BUF struct buf golden = BUF_INIT;
    golden_read(name, &golden);
    assert_string_equal(out->data, golden.data);
}

/* Never coloured. */
static void cidrs_match_the_golden_lists(void **state)
{
    (void)state;
    for (int color = 0; color < 2; color++) {
        CLEAN_BUF struct buf list = BUF_INIT, tree = BUF_INIT;
        color_override(color);
        assert_int_equal(listing_cidrs(store.cidrs, store.n_cidrs, &list), 0);
        assert_golden(&list, "list-cidrs.txt");
        assert_int_equal(listing_cidr_tree(store.cidrs, store.n_cidrs, &tree), 0);
        assert_golden(&tree, "list-cidrs-tree.txt");
    }
}

static void no_cidrs_give_no_lines(void **state)
{
    (void)state;
    CLEAN_BUF struct buf out = BUF_INIT;
    assert_int_equal(listing_cidrs(NULL, 0, &out), 0);
    assert_int_equal(listing_cidr_tree(NULL, 0, &out), 0);
    assert_int_equal(out.len, 0);
}

static void associations_have_id_and_names(void **state)
{
    (void)state;
    CLEAN_BUF struct buf out = BUF_INIT;
    struct association a[] = {{.id = 1, .cidr_id_1 = 3, .cidr_id_2 = 4},
                              {.id = 12, .cidr_id_1 = 77, .cidr_id_2 = 1}};
    color_override(0);
    assert_int_equal(listing_associations(a, 2, store.cidrs, store.n_cidrs, &out), 0);
    assert_string_equal(out.data, "1: humans <=> robots\n12: [unknown CIDR 77] <=> evilcorp\n");
    color_override(1);
    buf_reset(&out);
    assert_int_equal(listing_associations(a, 1, store.cidrs, store.n_cidrs, &out), 0);
    assert_string_equal(out.data, "1: \x1b[33mhumans\x1b[0m <=> \x1b[33mrobots\x1b[0m\n");
}

/* Notes come in a fixed order; dates beyond the calendar stay numbers. */
static void peers_have_their_notes(void **state)
{
    (void)state;
    CLEAN_BUF struct buf out = BUF_INIT;
    CLEAN_CIDR_TREE struct cidr_tree tree = {0};
    struct ip ip;
    char name[] = "bob";
    const int64_t now = 1900000000;
    assert_int_equal(ip_parse("10.66.2.1", &ip), 0);
    struct peer peers[] = {
        {.id = 3, .ip = ip, .name = name, .cidr_id = 3, .is_redeemed = true},
        {.id = 4,
         .ip = ip,
         .name = name,
         .cidr_id = 77,
         .is_admin = true,
         .is_disabled = true,
         .has_invite_expires = true,
         .invite_expires_s = now},
        {.id = 5, .ip = ip, .name = name, .cidr_id = 4},
        {.id = 6,
         .ip = ip,
         .name = name,
         .cidr_id = 4,
         .has_invite_expires = true,
         .invite_expires_s = now - 1},
        {.id = 7,
         .ip = ip,
         .name = name,
         .cidr_id = 4,
         .has_invite_expires = true,
         .invite_expires_s = INT64_MAX},
        {.id = 8,
         .ip = ip,
         .name = name,
         .cidr_id = 4,
         .is_redeemed = true,
         .has_invite_expires = true,
         .invite_expires_s = now},
    };
    const struct peer *refs[ARRAY_SIZE(peers)];
    for (size_t i = 0; i < ARRAY_SIZE(peers); i++)
        refs[i] = &peers[i];
    assert_int_equal(cidr_tree_init(&tree, store.cidrs, store.n_cidrs), 0);
    color_override(0);
    assert_int_equal(listing_peers(refs, ARRAY_SIZE(peers), &tree, now, &out), 0);
    assert_string_equal(out.data,
                        "3: 10.66.2.1 bob (humans)\n"
                        "4: 10.66.2.1 bob ([unknown CIDR 77]), admin, disabled, invited until "
                        "2030-03-17 17:46:40 UTC\n"
                        "5: 10.66.2.1 bob (robots), invited\n"
                        "6: 10.66.2.1 bob (robots), invitation expired 2030-03-17 17:46:39 UTC\n"
                        "7: 10.66.2.1 bob (robots), invited until @9223372036854775807\n"
                        "8: 10.66.2.1 bob (robots)\n");
    color_override(1);
    buf_reset(&out);
    assert_int_equal(listing_peers(refs, 1, &tree, now, &out), 0);
    assert_string_equal(out.data, "3: 10.66.2.1 \x1b[33mbob\x1b[0m (humans)\n");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(cidrs_match_the_golden_lists),
        CASE(no_cidrs_give_no_lines),
        CASE(associations_have_id_and_names),
        CASE(peers_have_their_notes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
