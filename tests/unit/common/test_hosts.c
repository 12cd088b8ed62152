/* spec/client.md 1.6, 9.18, T15, T16; spec/server.md 5.4, D34. */

#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "golden.h"
#include "hosts_internal.h"
#include "innernet/hosts.h"

#define BEGIN "# DO NOT EDIT innernet foo BEGIN\n"
#define END "# DO NOT EDIT innernet foo END\n"
#define ONE "1.1.1.1 whatever\n"
#define SECTION BEGIN ONE END

static struct hosts_entry entry(const char *ip, const char *name)
{
    struct hosts_entry e = {.name = name};
    assert_int_equal(ip_parse(ip, &e.ip), 0);
    return e;
}

/* --- pure ---------------------------------------------------------------------------------------
 */

static void check(const char *old, size_t old_len, bool with_entry, const char *expected)
{
    struct hosts_entry e = entry("1.1.1.1", "whatever");
    CLEAN_BUF struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    bool changed = false;
    int rc = hosts_rewrite(old, old_len, "foo", &e, with_entry ? 1 : 0, &out, &changed, &err);
    if (rc < 0)
        fail_msg("row \"%s\": %s", old, err.text);
    assert_row(old, changed == (expected != NULL));
    if (expected)
        assert_row_text(old, out.data, expected);
    else
        assert_row(old, out.len == 0);
}

static void check_both(const char *old, const char *with, const char *without)
{
    check(old, strlen(old), true, with);
    check(old, strlen(old), false, without);
    if (with)
        check(with, strlen(with), true, NULL);
}

static void rewriting(void **state)
{
    (void)state;
    static const struct {
        const char *old;
        const char *with;    /* after writing one entry; NULL = unchanged */
        const char *without; /* after writing none */
    } rows[] = {
        {"\n", "\n" SECTION, NULL},
        {"a\n", "a\n\n" SECTION, NULL},
        {SECTION, NULL, ""},
        {BEGIN ONE "# DO NOT EDIT innernet foo END", NULL, ""},
        {"a\n\n" SECTION "b", NULL, "a\n\nb\n"},
        {"a\n\n" SECTION "b\n", NULL, "a\n\nb\n"},
        {BEGIN END, SECTION, ""},
        {BEGIN "2.2.2.2 old\n3.3.3.3 older\n" END "rest", SECTION "rest\n", "rest\n"},
        /* other sections, look-alikes */
        {"# DO NOT EDIT innernet fo BEGIN\nx\n# DO NOT EDIT innernet fo END\n",
         "# DO NOT EDIT innernet fo BEGIN\nx\n# DO NOT EDIT innernet fo END\n\n" SECTION, NULL},
        {"x " BEGIN "x " END, "x " BEGIN "x " END "\n" SECTION, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        check_both(rows[i].old, rows[i].with, rows[i].without);
}

/* spec/client.md part 10, additional cases: "hosts cases (new file, empty, no final newline,
 * trailing blank, indented markers, one marker missing, reversed, CRLF, invalid UTF-8, duplicate
 * sections, suffix, empty suffix, bind mount, symlink, directory)". */
static void test_CX11_empty(void **state)
{
    (void)state;
    check_both("", SECTION, NULL);
    check(NULL, 0, true, SECTION);
    check(NULL, 0, false, NULL);
}

static void test_CX12_no_final_newline(void **state)
{
    (void)state;
    check_both("a", "a\n\n" SECTION, NULL);
    check_both("preexisting\ncontent", "preexisting\ncontent\n\n" SECTION, NULL);
    check_both("a\n\n" SECTION "b", NULL, "a\n\nb\n");
}

static void test_CX13_trailing_blank(void **state)
{
    (void)state;
    check_both("a\n\n", "a\n\n" SECTION, NULL);
    check_both("a\n ", "a\n \n\n" SECTION, NULL); /* a line of blanks is not empty */
}

/* They are recognised between blanks, and then written without. */
static void test_CX14_indented_markers(void **state)
{
    (void)state;
    check_both("a\n  " BEGIN ONE "\t" END "b\n", "a\n" SECTION "b\n", "a\nb\n");
    check_both("# DO NOT EDIT innernet foo BEGIN  \n" ONE END, SECTION, "");
}

/* The same lines are no change, a rewrite turns the whole file to LF. */
static void test_CX17_crlf(void **state)
{
    (void)state;
    check_both("# DO NOT EDIT innernet foo BEGIN\r\n1.1.1.1 whatever\r\n"
               "# DO NOT EDIT innernet foo END\r\n",
               NULL, "");
    check_both("a\r\nb\r\n", "a\nb\n\n" SECTION, NULL);
    check_both("a\r\n" BEGIN END "b\r", "a\n" SECTION "b\r\n", "a\nb\r\n");
    check_both("a\rb\n", "a\rb\n\n" SECTION, NULL);
}

static void test_CX18_invalid_utf8(void **state)
{
    (void)state;
    check_both("\xff\xfe\xc0\n" BEGIN END "\x80", "\xff\xfe\xc0\n" SECTION "\x80\n",
               "\xff\xfe\xc0\n\x80\n");
}

static void test_CX19_duplicate_sections(void **state)
{
    (void)state;
    check_both(SECTION SECTION, NULL, SECTION);
    check_both(BEGIN BEGIN END END, SECTION END, END);
}

static void nul_bytes_survive(void **state)
{
    (void)state;
    static const char old[] = "a\0b\n\0\n" BEGIN END "\0";
    struct hosts_entry e = entry("1.1.1.1", "whatever");
    CLEAN_BUF struct buf out = BUF_INIT;
    bool changed;
    assert_int_equal(hosts_rewrite(old, sizeof(old) - 1, "foo", &e, 1, &out, &changed, NULL), 0);
    static const char expected[] = "a\0b\n\0\n" SECTION "\0\n";
    assert_int_equal(out.len, sizeof(expected) - 1);
    assert_memory_equal(out.data, expected, out.len);
}

static void check_refused(const char *const *rows, size_t n_rows)
{
    for (size_t i = 0; i < n_rows; i++) {
        struct hosts_entry e = entry("1.1.1.1", "whatever");
        CLEAN_BUF struct buf out = BUF_INIT;
        for (size_t n = 0; n < 2; n++) {
            struct err err = ERR_INIT;
            bool changed = true;
            int rc = hosts_rewrite(rows[i], strlen(rows[i]), "foo", &e, n, &out, &changed, &err);
            assert_row(rows[i], rc == -EINVAL && out.len == 0);
            assert_row(rows[i], strstr(err.text, "DO NOT EDIT innernet foo"));
        }
    }
}

static void test_CX15_one_marker_missing(void **state)
{
    (void)state;
    static const char *const rows[] = {BEGIN, END, "a\n" BEGIN "b\n", "a\n" END "b\n"};
    check_refused(rows, ARRAY_SIZE(rows));
}

static void test_CX16_reversed(void **state)
{
    (void)state;
    static const char *const rows[] = {END BEGIN, END ONE BEGIN, END BEGIN END};
    check_refused(rows, ARRAY_SIZE(rows));
}

static void entries_are_sorted_and_joined(void **state)
{
    (void)state;
    const struct hosts_entry entries[] = {
        entry("fd00::1", "six.foo.wg"),    entry("10.0.0.10", "ten.foo.wg"),
        entry("10.0.0.2", "two.foo.wg"),   entry("10.0.0.10", "another.foo.wg"),
        entry("::ffff:1.2.3.4", "mapped"), entry("10.0.0.10", "a.foo.wg"),
    };
    CLEAN_BUF struct buf out = BUF_INIT;
    bool changed;
    assert_int_equal(
        hosts_rewrite("", 0, "foo", entries, ARRAY_SIZE(entries), &out, &changed, NULL), 0);
    assert_string_equal(out.data,
                        BEGIN "10.0.0.2 two.foo.wg\n10.0.0.10 ten.foo.wg another.foo.wg a.foo.wg\n"
                              "::ffff:1.2.3.4 mapped\nfd00::1 six.foo.wg\n" END);
}

static void names_are_checked(void **state)
{
    (void)state;
    char label63[64], label64[65], total[260];
    memset(label63, 'a', 63);
    memset(label64, 'a', 64);
    label63[63] = label64[64] = '\0';
    snprintf(total, sizeof(total), "%s.%s.%s.%s", label63, label63, label63, label63);
    const struct {
        const char *name;
        bool good;
    } rows[] = {
        {"a", true},
        {"a.b", true},
        {"peer-1.evilcorp.wg", true},
        {"peer.My_Suffix.Example", true},
        {"1.2", true},
        {label63, true},
        {label64, false},
        {total, false}, /* 255 */
        {total + 2, true},
        {"", false},
        {".", false},
        {"a.", false},
        {".a", false},
        {"a..b", false},
        {"pe_er.foo", false},
        {"-a", false},
        {"a-", false},
        {"a.-b", false},
        {"a.b-", false},
        {"a b", false},
        {"a\tb", false},
        {"a\n1.1.1.1 bank.example", false},
        {"a#b", false},
        {"a\r", false},
        {"b\xc3\xa4r", false},
        {"a\x1b[31m", false},
        {"a/b", false},
        {"a:b", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct hosts_entry entries[] = {entry("1.1.1.1", "whatever"),
                                        entry("2.2.2.2", rows[i].name)};
        CLEAN_BUF struct buf out = BUF_INIT, expected = BUF_INIT;
        bool changed;
        assert_int_equal(hosts_rewrite("", 0, "foo", entries, 2, &out, &changed, NULL), 0);
        buf_puts(&expected, BEGIN ONE);
        if (rows[i].good)
            buf_printf(&expected, "2.2.2.2 %s\n", rows[i].name);
        buf_puts(&expected, END);
        assert_row_text(rows[i].name, out.data, expected.data);
        /* alone: as if there were no entries */
        assert_int_equal(
            hosts_rewrite(SECTION, strlen(SECTION), "foo", entries + 1, 1, &out, &changed, NULL),
            0);
        assert_row(rows[i].name, changed && (out.len == 0) == !rows[i].good);
    }
}

static void test_CX20_suffix(void **state)
{
    (void)state;
    CLEAN_FREE char *plain = hosts_name("bob", "evilcorp", NULL);
    CLEAN_FREE char *suffixed = hosts_name("bob", "evilcorp", "example.com");
    assert_string_equal(plain, "bob.evilcorp.wg");
    assert_string_equal(suffixed, "bob.example.com");
}

static void test_CX21_empty_suffix(void **state)
{
    (void)state;
    CLEAN_FREE char *bare = hosts_name("bob", "evilcorp", "");
    assert_string_equal(bare, "bob");
}

static void suffixes_are_checked(void **state)
{
    (void)state;
    assert_int_equal(hosts_check_suffix("", NULL), 0);
    assert_int_equal(hosts_check_suffix("example.com", NULL), 0);
    assert_int_equal(hosts_check_suffix("_x.My-Net", NULL), 0);
    static const char *const bad[] = {".", ".com", "com.", "a b", "a\nb", "-a", "b\xc3\xa4r"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct err err = ERR_INIT;
        assert_row(bad[i], hosts_check_suffix(bad[i], &err) == -EINVAL && err.text[0]);
    }
}

static void golden_files(void **state)
{
    (void)state;
    static const char *const names[] = {"hosts", "server-hosts"};
    const struct hosts_entry entries[] = {
        entry("10.66.2.2", "peer3.evilcorp.wg"),
        entry("10.66.0.1", "innernet-server.evilcorp.wg"),
        entry("10.66.1.1", "admin.evilcorp.wg"),
        entry("10.66.2.1", "peer2.evilcorp.wg"),
    };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        CLEAN_BUF struct buf golden = BUF_INIT, out = BUF_INIT;
        bool changed;
        golden_read(names[i], &golden);
        assert_int_equal(hosts_rewrite("", 0, "evilcorp", entries, 4, &out, &changed, NULL), 0);
        assert_string_equal(out.data, golden.data);
        assert_int_equal(
            hosts_rewrite(golden.data, golden.len, "evilcorp", entries, 4, &out, &changed, NULL),
            0);
        assert_false(changed);
    }
}

/* --- files --------------------------------------------------------------------------------------
 */

struct place {
    char dir[64];
    char path[96];
};

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* A folder with a hosts file of that text, or (NULL) without one. */
static struct place make_place_in(const char *folder, const char *text)
{
    struct place place;
    snprintf(place.dir, sizeof(place.dir), "%s/innernet-test-XXXXXX", folder);
    assert_non_null(mkdtemp(place.dir));
    snprintf(place.path, sizeof(place.path), "%s/hosts", place.dir);
    if (text)
        write_text(place.path, text);
    return place;
}

static struct place make_place(const char *text)
{
    return make_place_in("/tmp", text);
}

static void remove_place(const struct place *place)
{
    DIR *dir = opendir(place->dir);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));)
        unlinkat(dirfd(dir), e->d_name, 0);
    closedir(dir);
    assert_int_equal(rmdir(place->dir), 0);
}

static void skip_loudly(const struct place *place, const char *what)
{
    print_message("SKIPPED: %s needs root and mount namespaces\n", what);
    remove_place(place);
    skip();
}

static void check_text(const char *path, const char *expected)
{
    char text[4096] = "";
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[n] = '\0';
    assert_string_equal(text, expected);
}

static unsigned count_files(const char *path)
{
    unsigned n = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

static int update(const char *path, size_t n, bool *ret_changed, struct err *err)
{
    struct hosts_entry e = entry("1.1.1.1", "whatever");
    return hosts_update(path, "foo", &e, n, ret_changed, err);
}

static struct stat stat_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st;
}

static void test_T16_file_is_updated_once(void **state) /* T16 */
{
    (void)state;
    struct place place = make_place("preexisting\ncontent");
    bool changed = false;
    assert_int_equal(update(place.path, 1, &changed, NULL), 0);
    assert_true(changed);
    check_text(place.path, "preexisting\ncontent\n\n" SECTION);
    ino_t first = stat_of(place.path).st_ino;
    assert_int_equal(update(place.path, 1, &changed, NULL), 0);
    assert_false(changed);
    assert_int_equal(stat_of(place.path).st_ino, first);
    assert_int_equal(update(place.path, 0, &changed, NULL), 0);
    assert_true(changed);
    check_text(place.path, "preexisting\ncontent\n\n");
    assert_int_equal(update(place.path, 0, &changed, NULL), 0);
    assert_false(changed);
    assert_int_equal(count_files(place.dir), 1);
    remove_place(&place);
}

static void test_CX10_missing_file(void **state)
{
    (void)state;
    struct place place = make_place(NULL);
    bool changed = true;
    assert_int_equal(update(place.path, 0, &changed, NULL), 0);
    assert_false(changed);
    assert_int_equal(access(place.path, F_OK), -1);
    mode_t mask = umask(0077);
    assert_int_equal(update(place.path, 1, &changed, NULL), 0);
    umask(mask);
    assert_true(changed);
    check_text(place.path, SECTION);
    assert_int_equal(stat_of(place.path).st_mode & 07777, 0644);
    assert_int_equal(count_files(place.dir), 1);
    remove_place(&place);
}

static void owner_and_mode_are_kept(void **state)
{
    (void)state;
    struct place place = make_place("a\n");
    bool is_root = geteuid() == 0;
    if (is_root)
        assert_int_equal(chown(place.path, 12345, 23456), 0);
    else
        print_message("SKIPPED: keeping a foreign owner needs root\n");
    assert_int_equal(chmod(place.path, 0664), 0);
    struct stat before = stat_of(place.path);
    bool changed;
    assert_int_equal(update(place.path, 1, &changed, NULL), 0);
    struct stat after = stat_of(place.path);
    assert_true(changed && before.st_ino != after.st_ino);
    assert_int_equal(after.st_mode, before.st_mode);
    assert_int_equal(after.st_uid, before.st_uid);
    assert_int_equal(after.st_gid, before.st_gid);
    remove_place(&place);
}

static void security_label_is_kept(void **state)
{
    (void)state;
    static const char name[] = "security.selinux", label[] = "system_u:object_r:net_conf_t:s0";
    char kept[64] = "";
    bool changed;
    struct place place = make_place("a\n");
    if (setxattr(place.path, name, label, sizeof(label), 0) < 0)
        skip_loudly(&place, "a security label");
    assert_int_equal(update(place.path, 1, &changed, NULL), 0);
    assert_int_equal(getxattr(place.path, name, kept, sizeof(kept)), sizeof(label));
    assert_string_equal(kept, label);
    remove_place(&place);
}

static void test_CX23_symlink_is_followed(void **state)
{
    (void)state;
    struct place place = make_place(NULL);
    char target[128];
    bool changed;
    struct stat st;
    struct err err = ERR_INIT;
    snprintf(target, sizeof(target), "%s/real", place.dir);
    assert_int_equal(symlink("real", place.path), 0);
    assert_int_equal(update(place.path, 1, &changed, &err), -ENOENT);
    assert_non_null(strstr(err.text, place.path));
    assert_int_equal(count_files(place.dir), 1);
    write_text(target, "a\n");
    assert_int_equal(update(place.path, 1, &changed, NULL), 0);
    check_text(target, "a\n\n" SECTION);
    assert_int_equal(lstat(place.path, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(count_files(place.dir), 2);
    remove_place(&place);
}

static void test_CX24_not_a_file(void **state)
{
    (void)state;
    struct place place = make_place("a\n" BEGIN);
    static const char *const paths[] = {"/", "/tmp", "/dev/null", "/nonexistent/hosts", ""};
    bool changed;
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        struct err err = ERR_INIT;
        assert_row(paths[i], update(paths[i], 1, &changed, &err) < 0 && err.text[0]);
    }
    struct err err = ERR_INIT;
    assert_int_equal(update(place.path, 1, &changed, &err), -EINVAL);
    assert_memory_equal(err.text, place.path, strlen(place.path));
    check_text(place.path, "a\n" BEGIN);
    assert_int_equal(count_files(place.dir), 1);
    remove_place(&place);
}

static void test_T15_temp_name_is_beside(void **state) /* T15 */
{
    (void)state;
    CLEAN_FREE char *name = hosts_temp_template("/etc/hosts");
    assert_memory_equal(name, "/etc/hosts.tmp", strlen("/etc/hosts.tmp"));
    assert_null(strchr(name + strlen("/etc/"), '/'));
}

static void failed_replacement_leaves_nothing(void **state)
{
    (void)state;
    struct place place = make_place("a\n");
    char folder[128];
    struct stat st = stat_of(place.path);
    struct err err = ERR_INIT;
    snprintf(folder, sizeof(folder), "%s/folder", place.dir);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(hosts_replace(folder, &st, "x", 1, &err), -EISDIR);
    assert_int_equal(count_files(place.dir), 2);
    assert_int_equal(rmdir(folder), 0);
    remove_place(&place);
}

static void in_place(void **state)
{
    (void)state;
    struct place place = make_place("a longer text than what comes\n");
    ino_t inode = stat_of(place.path).st_ino;
    assert_int_equal(hosts_overwrite(place.path, "short\n", 6, NULL), 0);
    check_text(place.path, "short\n");
    assert_int_equal(hosts_overwrite(place.path, "longer again\n", 13, NULL), 0);
    check_text(place.path, "longer again\n");
    assert_int_equal(stat_of(place.path).st_ino, inode);
    static const int codes[] = {EBUSY, EXDEV, EACCES, EPERM, EROFS};
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
        assert_true(hosts_must_write_in_place(-codes[i]));
    assert_false(hosts_must_write_in_place(-ENOSPC));
    assert_false(hosts_must_write_in_place(-EIO));
    remove_place(&place);
}

/* Runs `body` in a child with mounts of its own; what it asserts comes back as its exit code. False
 * when that is not allowed here. */
static bool in_mount_namespace(void (*body)(const struct place *), const struct place *place)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
            _exit(77);
        body(place);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return false;
    assert_int_equal(status, 0);
    return true;
}

#define child_assert(condition)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error("%s\n", #condition);                                                       \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static void update_bind_mounted(const struct place *place)
{
    char source[128];
    bool changed = false;
    struct err err = ERR_INIT;
    snprintf(source, sizeof(source), "%s/source", place->dir);
    child_assert(mount(source, place->path, NULL, MS_BIND, NULL) == 0);
    int rc = update(place->path, 1, &changed, &err);
    if (rc < 0)
        print_error("%s\n", err.text);
    child_assert(rc == 0 && changed);
    child_assert(count_files(place->dir) == 2);
    child_assert(update(place->path, 1, &changed, NULL) == 0 && !changed);
}

static void test_CX22_bind_mounted_file(void **state)
{
    (void)state;
    struct place place = make_place("below\n");
    char source[128];
    snprintf(source, sizeof(source), "%s/source", place.dir);
    write_text(source, "bound\n");
    ino_t inode = stat_of(source).st_ino;
    if (!in_mount_namespace(update_bind_mounted, &place))
        skip_loudly(&place, "a bind mount");
    check_text(source, "bound\n\n" SECTION);
    check_text(place.path, "below\n");
    assert_int_equal(stat_of(source).st_ino, inode);
    remove_place(&place);
}

static void update_in_read_only_folder(const struct place *place)
{
    char source[128];
    bool changed = false;
    snprintf(source, sizeof(source), "%s/source", place->dir);
    child_assert(mount(place->dir, place->dir, NULL, MS_BIND, NULL) == 0);
    child_assert(mount(source, place->path, NULL, MS_BIND, NULL) == 0);
    child_assert(mount(NULL, place->dir, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0);
    child_assert(update(place->path, 1, &changed, NULL) == 0 && changed);
}

static void read_only_folder(void **state)
{
    (void)state;
    struct place place = make_place("below\n");
    char source[128];
    snprintf(source, sizeof(source), "%s/source", place.dir);
    write_text(source, "bound\n");
    if (!in_mount_namespace(update_in_read_only_folder, &place))
        skip_loudly(&place, "a read-only folder");
    check_text(source, "bound\n\n" SECTION);
    remove_place(&place);
}

static void fill_small_disk(const struct place *place)
{
    char filler[128], path[128];
    static char chunk[4096];
    bool changed;
    child_assert(mount("none", place->dir, "tmpfs", 0, "size=64k") == 0);
    snprintf(path, sizeof(path), "%s/hosts", place->dir);
    snprintf(filler, sizeof(filler), "%s/filler", place->dir);
    write_text(path, "a\n");
    int fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    child_assert(fd >= 0);
    while (write(fd, chunk, sizeof(chunk)) > 0)
        ;
    close(fd);
    child_assert(update(path, 1, &changed, NULL) == -ENOSPC);
    char *more = calloc(1, 8192);
    child_assert(more && hosts_overwrite(path, more, 8192, NULL) == -ENOSPC);
    free(more);
    child_assert(count_files(place->dir) == 2);
    check_text(path, "a\n");
}

static void full_disk_changes_nothing(void **state)
{
    (void)state;
    struct place place = make_place(NULL);
    if (!in_mount_namespace(fill_small_disk, &place))
        skip_loudly(&place, "a full disk");
    remove_place(&place);
}

static void run_writer(const char *path, unsigned number)
{
    char interface[16], name[24];
    snprintf(interface, sizeof(interface), "net%u", number);
    for (unsigned round = 0; round < 10; round++) {
        bool changed;
        snprintf(name, sizeof(name), "round%u", round);
        struct hosts_entry e = entry("1.1.1.1", name);
        child_assert(hosts_update(path, interface, &e, 1, &changed, NULL) == 0 && changed);
    }
}

static void writers_do_not_undo_each_other(void **state)
{
    (void)state;
    enum { WRITERS = 4 };
    /* in memory where there is such a folder: the lock is not waited for without end */
    struct place place =
        make_place_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", "127.0.0.1 localhost\n");
    pid_t children[WRITERS];
    for (unsigned i = 0; i < WRITERS; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            run_writer(place.path, i);
            _exit(0);
        }
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    char text[4096] = "";
    FILE *file = fopen(place.path, "re");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[n] = '\0';
    assert_memory_equal(text, "127.0.0.1 localhost\n\n#", 22);
    for (unsigned i = 0; i < WRITERS; i++) {
        char section[160];
        snprintf(section, sizeof(section),
                 "# DO NOT EDIT innernet net%u BEGIN\n1.1.1.1 round9\n"
                 "# DO NOT EDIT innernet net%u END\n",
                 i, i);
        assert_row(section, strstr(text, section));
    }
    assert_int_equal(count_files(place.dir), 1);
    remove_place(&place);
}

static void folder_locked_by_a_stranger(void **state)
{
    (void)state;
    struct place place = make_place("a\n");
    int fd = open(place.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    bool changed;
    assert_int_equal(update(place.path, 1, &changed, NULL), 0);
    assert_true(changed);
    close(fd);
    remove_place(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rewriting),
        cmocka_unit_test(test_CX11_empty),
        cmocka_unit_test(test_CX12_no_final_newline),
        cmocka_unit_test(test_CX13_trailing_blank),
        cmocka_unit_test(test_CX14_indented_markers),
        cmocka_unit_test(test_CX15_one_marker_missing),
        cmocka_unit_test(test_CX16_reversed),
        cmocka_unit_test(test_CX17_crlf),
        cmocka_unit_test(test_CX18_invalid_utf8),
        cmocka_unit_test(test_CX19_duplicate_sections),
        cmocka_unit_test(test_CX20_suffix),
        cmocka_unit_test(test_CX21_empty_suffix),
        cmocka_unit_test(nul_bytes_survive),
        cmocka_unit_test(entries_are_sorted_and_joined),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(suffixes_are_checked),
        cmocka_unit_test(golden_files),
        cmocka_unit_test(test_T16_file_is_updated_once),
        cmocka_unit_test(test_CX10_missing_file),
        cmocka_unit_test(owner_and_mode_are_kept),
        cmocka_unit_test(security_label_is_kept),
        cmocka_unit_test(test_CX23_symlink_is_followed),
        cmocka_unit_test(test_CX24_not_a_file),
        cmocka_unit_test(test_T15_temp_name_is_beside),
        cmocka_unit_test(failed_replacement_leaves_nothing),
        cmocka_unit_test(in_place),
        cmocka_unit_test(test_CX22_bind_mounted_file),
        cmocka_unit_test(read_only_folder),
        cmocka_unit_test(full_disk_changes_nothing),
        cmocka_unit_test(writers_do_not_undo_each_other),
        cmocka_unit_test(folder_locked_by_a_stranger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
