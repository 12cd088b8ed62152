#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datastore.h"
#include "fixture.h"
#include "innernet/log.h"

struct place {
    char dir[64];
    char *path;    /* of the store */
    char *corrupt; /* of the copy of a damaged one */
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    snprintf(p->dir, sizeof(p->dir), "/tmp/innernet-store-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    p->path = fs_join(p->dir, "net", ".json");
    p->corrupt = fs_join(p->dir, "net", ".json.corrupt");
    log_init(stdout, LOG_LEVEL_ERROR);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    unlink(p->path);
    unlink(p->corrupt);
    assert_int_equal(rmdir(p->dir), 0); /* nothing else was left behind */
    free(p->path);
    free(p->corrupt);
    free(p);
    return 0;
}

static void put(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), len);
    close(fd);
}

static void assert_content(const char *path, const char *text, size_t len)
{
    CLEAN_BUF struct buf content = BUF_INIT;
    assert_int_equal(fs_read_file(path, 1 << 20, &content, NULL, NULL), 0);
    assert_int_equal(content.len, len);
    assert_memory_equal(content.data ? content.data : "", text, len);
}

/* datastore_update takes the records: give it copies. */
static void update(struct datastore *d, const struct state *server)
{
    CLEAN_STATE struct state copy = {.n_peers = server->n_peers, .n_cidrs = server->n_cidrs};
    copy.peers = calloc(server->n_peers + 1, sizeof(*copy.peers));
    copy.cidrs = calloc(server->n_cidrs + 1, sizeof(*copy.cidrs));
    for (size_t i = 0; i < server->n_peers; i++)
        assert_int_equal(peer_copy(&server->peers[i], &copy.peers[i]), 0);
    for (size_t i = 0; i < server->n_cidrs; i++)
        assert_int_equal(cidr_copy(&server->cidrs[i], &copy.cidrs[i]), 0);
    assert_int_equal(datastore_update(d, &copy, NULL), 0);
}

/* T1 */
static void test_T1_a_new_store_is_empty_and_keeps_what_it_gets(void **state)
{
    struct place *p = *state;
    CLEAN_DATASTORE struct datastore d = {0}, again = {0};
    struct peer peer = peer_of("a", "10.0.0.1", 1);
    struct cidr cidr = {.id = 1, .name = "root", .net = network_of("10.0.0.0/8")};
    struct state server = {.peers = &peer, .n_peers = 1, .cidrs = &cidr, .n_cidrs = 1};
    assert_int_equal(datastore_open(p->path, DATASTORE_UPDATE, &d, NULL), 0);
    assert_int_equal(d.state.n_peers, 0);
    assert_int_equal(d.state.n_cidrs, 0);
    assert_int_equal(access(p->path, F_OK), -1);
    update(&d, &server);
    assert_int_equal(datastore_save(&d, NULL), 0);
    assert_int_equal(datastore_open(p->path, DATASTORE_READ, &again, NULL), 0);
    assert_int_equal(again.state.n_peers, 1);
    assert_true(peer_equal(&again.state.peers[0], &peer));
    assert_int_equal(again.state.n_cidrs, 1);
    assert_string_equal(again.state.cidrs[0].name, "root");
    free(peer.name);
}

static void it_is_written_0600(void **state)
{
    struct place *p = *state;
    CLEAN_DATASTORE struct datastore d = {0};
    struct stat st;
    mode_t old = umask(0);
    assert_int_equal(datastore_open(p->path, DATASTORE_UPDATE, &d, NULL), 0);
    assert_int_equal(datastore_save(&d, NULL), 0);
    umask(old);
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void an_old_file_keeps_its_mode(void **state)
{
    struct place *p = *state;
    CLEAN_DATASTORE struct datastore d = {0};
    CLEAN_BUF struct buf golden = BUF_INIT;
    struct stat st;
    test_data("golden/store.json", &golden);
    put(p->path, golden.data, golden.len);
    assert_int_equal(chmod(p->path, 0640), 0);
    assert_int_equal(datastore_open(p->path, DATASTORE_UPDATE, &d, NULL), 0);
    d.state.peers[0].is_admin = false;
    d.is_changed = true;
    assert_int_equal(datastore_save(&d, NULL), 0);
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

/* T3; and a peer that comes back is enabled again, in its old place. */
static void test_T3_peers_are_disabled_never_deleted(void **state)
{
    struct place *p = *state;
    CLEAN_DATASTORE struct datastore d = {0};
    struct peer both[] = {peer_of("a", "10.0.0.1", 1), peer_of("b", "10.0.0.2", 2)};
    struct state server = {.peers = both, .n_peers = 2}, none = {0};
    assert_int_equal(datastore_open(p->path, DATASTORE_UPDATE, &d, NULL), 0);
    update(&d, &server);
    update(&d, &none);
    assert_int_equal(d.state.n_peers, 2);
    assert_true(d.state.peers[0].is_disabled && d.state.peers[1].is_disabled);
    server = (struct state){.peers = &both[1], .n_peers = 1};
    update(&d, &server);
    assert_int_equal(d.state.n_peers, 2);
    assert_string_equal(d.state.peers[0].name, "a");
    assert_true(d.state.peers[0].is_disabled);
    assert_string_equal(d.state.peers[1].name, "b");
    assert_false(d.state.peers[1].is_disabled);
    free(both[0].name);
    free(both[1].name);
}

static void records_of_a_known_ip_are_replaced(void **state)
{
    struct place *p = *state;
    CLEAN_DATASTORE struct datastore d = {0};
    struct peer a = peer_of("a", "10.0.0.1", 1), renamed = peer_of("z", "10.0.0.1", 1);
    struct state before = {.peers = &a, .n_peers = 1}, after = {.peers = &renamed, .n_peers = 1};
    renamed.is_admin = true;
    assert_int_equal(datastore_open(p->path, DATASTORE_UPDATE, &d, NULL), 0);
    update(&d, &before);
    update(&d, &after);
    assert_int_equal(d.state.n_peers, 1);
    assert_true(peer_equal(&d.state.peers[0], &renamed));
    free(a.name);
    free(renamed.name);
}

#define MARKS(...)                                                                                 \
    (const unsigned char[])                                                                        \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* What an update says about itself: who is listed, who is new or different, whether the store says
 * the same as the server, and whether anything has to be written. */
static void an_update_tells_what_it_changed(void **state)
{
    enum { L = DATASTORE_LISTED, C = DATASTORE_CHANGED };
    struct place *p = *state;
    CLEAN_DATASTORE struct datastore d = {0};
    struct peer all[] = {peer_of("a", "10.0.0.1", 1), peer_of("b", "10.0.0.2", 2),
                         peer_of("c", "10.0.0.3", 3)};
    struct peer other[] = {all[2], all[0], all[1]};
    assert_int_equal(datastore_open(p->path, DATASTORE_UPDATE, &d, NULL), 0);
    update(&d, &(struct state){.peers = all, .n_peers = 3});
    assert_memory_equal(d.marks, MARKS(L | C, L | C, L | C), 3);
    assert_true(d.is_exact && d.names_changed && d.is_changed);
    assert_int_equal(datastore_save(&d, NULL), 0);

    update(&d, &(struct state){.peers = other, .n_peers = 3}); /* the order is no change */
    assert_memory_equal(d.marks, MARKS(L, L, L), 3);
    assert_true(d.is_exact && !d.names_changed && !d.is_changed);

    other[1].is_admin = true;
    update(&d, &(struct state){.peers = other, .n_peers = 3});
    assert_memory_equal(d.marks, MARKS(L | C, L, L), 3);
    assert_true(d.is_exact && !d.names_changed && d.is_changed);

    update(&d, &(struct state){.peers = other, .n_peers = 2}); /* b is gone, twice */
    assert_memory_equal(d.marks, MARKS(L, C, L), 3);
    assert_true(d.is_exact && d.names_changed);
    update(&d, &(struct state){.peers = other, .n_peers = 2});
    assert_memory_equal(d.marks, MARKS(L, 0, L), 3);
    assert_true(d.is_exact && !d.names_changed);

    other[0].ip =
        all[1].ip; /* a key that moved to the address of b: spec/client.md 3.5 keeps both */
    other[0].ip.bytes[3] = 9;
    update(&d, &(struct state){.peers = other, .n_peers = 2});
    assert_memory_equal(d.marks, MARKS(L, 0, 0, L | C), 4);
    assert_false(d.is_exact);
    for (size_t i = 0; i < 3; i++)
        free(all[i].name);
}

static void one_ip_twice_is_not_exact(void **state)
{
    struct place *p = *state;
    CLEAN_DATASTORE struct datastore d = {0};
    struct peer twice[] = {peer_of("a", "10.0.0.1", 1), peer_of("z", "10.0.0.1", 1)};
    assert_int_equal(datastore_open(p->path, DATASTORE_UPDATE, &d, NULL), 0);
    for (int i = 0; i < 2; i++) {
        update(&d, &(struct state){.peers = twice, .n_peers = 2});
        assert_int_equal(d.state.n_peers, 1);
        assert_string_equal(d.state.peers[0].name, "z");
        assert_false(d.is_exact);
    }
    free(twice[0].name);
    free(twice[1].name);
}

static void it_knows_whether_the_file_is_still_its_own(void **state)
{
    struct place *p = *state;
    CLEAN_DATASTORE struct datastore d = {0};
    CLEAN_BUF struct buf golden = BUF_INIT;
    test_data("golden/store.json", &golden);
    put(p->path, golden.data, golden.len);
    assert_int_equal(datastore_open(p->path, DATASTORE_UPDATE, &d, NULL), 0);
    assert_true(datastore_is_current(&d));
    put(p->path, golden.data, golden.len); /* the same bytes */
    assert_true(datastore_is_current(&d));
    put(p->path, golden.data, golden.len - 1);
    assert_false(datastore_is_current(&d));
    unlink(p->path);
    assert_false(datastore_is_current(&d));
}

/* Byte for byte what the reference implementation wrote; and an unchanged store is not written. */
static void the_golden_store_comes_back_the_same(void **state)
{
    struct place *p = *state;
    CLEAN_BUF struct buf golden = BUF_INIT;
    CLEAN_DATASTORE struct datastore d = {0};
    struct stat before, after;
    test_data("golden/store.json", &golden);
    put(p->path, golden.data, golden.len);
    assert_int_equal(datastore_open(p->path, DATASTORE_UPDATE, &d, NULL), 0);
    assert_int_equal(d.state.n_peers, 4);
    assert_int_equal(d.state.n_cidrs, 4);
    assert_int_equal(stat(p->path, &before), 0);
    assert_int_equal(datastore_save(&d, NULL), 0);
    assert_int_equal(stat(p->path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    d.state.peers[2].is_disabled = d.is_changed = true;
    assert_int_equal(datastore_save(&d, NULL), 0);
    assert_int_equal(stat(p->path, &after), 0);
    assert_int_not_equal(before.st_ino, after.st_ino); /* replaced, not rewritten */
    d.state.peers[2].is_disabled = false;
    d.is_changed = true;
    assert_int_equal(datastore_save(&d, NULL), 0);
    assert_content(p->path, golden.data, golden.len);
}

static void only_a_missing_or_empty_file_is_new(void **state)
{
    struct place *p = *state;
    CLEAN_DATASTORE struct datastore d = {0};
    assert_int_equal(datastore_open(p->path, DATASTORE_READ, &d, NULL), -ENOENT);
    put(p->path, "", 0);
    assert_int_equal(datastore_open(p->path, DATASTORE_UPDATE, &d, NULL), 0);
    assert_int_equal(d.state.n_peers, 0);
}

/* 9.2: pins never get lost silently. */
static void a_damaged_store_is_refused_and_kept(void **state)
{
    static const char *const texts[] = {"{",
                                        "{}",
                                        "[]",
                                        "null",
                                        "{\"version\":\"1\",\"peers\":[]}",
                                        "{\"version\":\"1\",\"peers\":[{}],\"cidrs\":[]}",
                                        "\xff\xfe",
                                        " "};
    struct place *p = *state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct datastore d = {0};
        struct err err = ERR_INIT;
        put(p->path, texts[i], strlen(texts[i]));
        assert_int_equal(datastore_open(p->path, DATASTORE_READ, &d, &err), -EBADMSG);
        assert_int_equal(access(p->corrupt, F_OK), -1); /* readers create nothing */
        assert_int_equal(datastore_open(p->path, DATASTORE_UPDATE, &d, &err), -EBADMSG);
        assert_non_null(strstr(err.text, p->path));
        assert_non_null(strstr(err.text, p->corrupt));
        assert_content(p->path, texts[i], strlen(texts[i]));
        assert_content(p->corrupt, texts[i], strlen(texts[i]));
        unlink(p->corrupt);
    }
}

static void another_version_is_refused(void **state)
{
    struct place *p = *state;
    struct datastore d = {0};
    struct err err = ERR_INIT;
    const char *text = "{\"version\":\"2\",\"peers\":[],\"cidrs\":[]}";
    put(p->path, text, strlen(text));
    assert_int_equal(datastore_open(p->path, DATASTORE_UPDATE, &d, &err), -EPROTONOSUPPORT);
    assert_non_null(strstr(err.text, p->path));
    assert_content(p->path, text, strlen(text));
}

/* A record that cannot be taken over is not forgotten: the old file is kept before it is replaced.
 */
static void skipped_records_are_kept_in_a_copy(void **state)
{
    struct place *p = *state;
    CLEAN_DATASTORE struct datastore d = {0};
    const char *text =
        "{\"version\":\"1\",\"cidrs\":[],\"peers\":[{\"id\":1,\"name\":\"No Hostname\","
        "\"ip\":\"10.0.0.1\",\"cidr_id\":1,\"public_key\":"
        "\"4S1xKBAElTwaxNeUwv8ncdiQdGc0VBYi8xFrawYOlR4=\",\"is_admin\":false,"
        "\"is_disabled\":false,\"is_redeemed\":true}]}";
    put(p->path, text, strlen(text));
    assert_int_equal(datastore_open(p->path, DATASTORE_UPDATE, &d, NULL), 0);
    assert_int_equal(d.state.n_peers, 0);
    assert_int_equal(datastore_save(&d, NULL), 0);
    assert_content(p->corrupt, text, strlen(text));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_T1_a_new_store_is_empty_and_keeps_what_it_gets),
        CASE(it_is_written_0600),
        CASE(an_old_file_keeps_its_mode),
        CASE(test_T3_peers_are_disabled_never_deleted),
        CASE(records_of_a_known_ip_are_replaced),
        CASE(an_update_tells_what_it_changed),
        CASE(one_ip_twice_is_not_exact),
        CASE(it_knows_whether_the_file_is_still_its_own),
        CASE(the_golden_store_comes_back_the_same),
        CASE(only_a_missing_or_empty_file_is_new),
        CASE(a_damaged_store_is_refused_and_kept),
        CASE(another_version_is_refused),
        CASE(skipped_records_are_kept_in_a_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
