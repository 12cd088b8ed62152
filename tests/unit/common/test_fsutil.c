/* Files: bounded reads, atomic replacement, exclusive creation, folders. */

#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "innernet/fsutil.h"
#include "scratch.h"

static void put(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fs_write_all(fd, text, strlen(text)), 0);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void assert_content(const char *path, const char *expected, mode_t mode)
{
    CLEAN_BUF struct buf content = BUF_INIT;
    mode_t found = 0;
    struct err err = ERR_INIT;
    if (fs_read_file(path, 1024, &content, &found, &err) != 0)
        fail_msg("%s", err.text);
    assert_string_equal(content.data, expected);
    assert_int_equal(found, mode);
}

static unsigned count_entries(const char *dir)
{
    unsigned n = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static bool is_cloexec(int fd)
{
    return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

static void reads_up_to_the_limit(void **state)
{
    (void)state;
    const char *path = scratch("file");
    put(path, "12345678", 0640);
    CLEAN_BUF struct buf out = BUF_INIT;
    buf_puts(&out, "before ");
    mode_t mode = 0;
    assert_int_equal(fs_read_file(path, 8, &out, &mode, NULL), 0);
    assert_string_equal(out.data, "before 12345678");
    assert_int_equal(mode, 0640);

    struct err err = ERR_INIT;
    assert_int_equal(fs_read_file(path, 7, &out, NULL, &err), -EFBIG);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "7 bytes"));
    assert_string_equal(out.data, "before 12345678");
}

static void reads_what_has_no_size(void **state)
{
    (void)state;
    CLEAN_BUF struct buf out = BUF_INIT;
    assert_int_equal(fs_read_file("/proc/self/status", 1 << 20, &out, NULL, NULL), 0);
    assert_non_null(strstr(out.data, "Name:"));
    buf_reset(&out);
    buf_puts(&out, "kept");
    assert_int_equal(fs_read_file("/proc/self/status", 100, &out, NULL, NULL), -EFBIG);
    assert_string_equal(out.data, "kept");
}

static void reads_empty_and_large_files(void **state)
{
    (void)state;
    put(scratch("empty"), "", 0600);
    CLEAN_BUF struct buf out = BUF_INIT;
    assert_int_equal(fs_read_file(scratch("empty"), 0, &out, NULL, NULL), 0);
    assert_string_equal(out.data, "");

    CLEAN_BUF struct buf big = BUF_INIT;
    for (unsigned i = 0; i < 50000; i++)
        buf_printf(&big, "%u,", i);
    assert_int_equal(fs_replace_file(scratch("big"), big.data, big.len, 0600, NULL), 0);
    assert_int_equal(fs_read_file(scratch("big"), big.len, &out, NULL, NULL), 0);
    assert_int_equal(out.len, big.len);
    assert_memory_equal(out.data, big.data, big.len);
    assert_int_equal(fs_read_file(scratch("big"), big.len - 1, &out, NULL, NULL), -EFBIG);
}

static void refuses_what_is_no_file(void **state)
{
    (void)state;
    CLEAN_BUF struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    assert_int_equal(fs_read_file(scratch_dir, 10, &out, NULL, &err), -EISDIR);
    assert_non_null(strstr(err.text, "os error 21"));
    assert_int_equal(fs_read_file("/dev/zero", 10, &out, NULL, &err), -EINVAL);
    assert_string_equal(err.text, "/dev/zero is not a regular file; name one that is");
    /* nobody writes: a plain open would wait for ever */
    assert_int_equal(mkfifo(scratch("fifo"), 0600), 0);
    assert_int_equal(fs_read_file(scratch("fifo"), 10, &out, NULL, &err), -EINVAL);

    const char *path = scratch("nope.conf");
    char expected[256];
    snprintf(expected, sizeof(expected), "%s - No such file or directory (os error 2)", path);
    assert_int_equal(fs_read_file(path, 10, &out, NULL, &err), -ENOENT);
    assert_string_equal(err.text, expected);
    assert_int_equal(err.os_errno, ENOENT);
}

static void replaces_with_exact_mode(void **state)
{
    (void)state;
    mode_t old = umask(077);
    int r = fs_replace_file(scratch("f"), "one", 3, 0644, NULL);
    umask(old);
    assert_int_equal(r, 0);
    assert_content(scratch("f"), "one", 0644);
    assert_int_equal(fs_replace_file(scratch("f"), "second", 6, 0600, NULL), 0);
    assert_content(scratch("f"), "second", 0600);
    assert_int_equal(fs_replace_file(scratch("f"), NULL, 0, 0600, NULL), 0);
    assert_content(scratch("f"), "", 0600);
    assert_int_equal(count_entries(scratch_dir), 1);
}

static void replaces_in_the_working_folder(void **state)
{
    (void)state;
    char cwd[4096];
    assert_non_null(getcwd(cwd, sizeof(cwd)));
    assert_int_equal(chdir(scratch_dir), 0);
    int r = fs_replace_file("plain", "x", 1, 0600, NULL);
    assert_int_equal(chdir(cwd), 0);
    assert_int_equal(r, 0);
    assert_content(scratch("plain"), "x", 0600);
}

static void keeps_the_old_inode_whole(void **state)
{
    (void)state;
    put(scratch("f"), "old content", 0600);
    int reader = open(scratch("f"), O_RDONLY | O_CLOEXEC);
    assert_true(reader >= 0);
    assert_int_equal(fs_replace_file(scratch("f"), "new", 3, 0600, NULL), 0);
    char content[32] = "";
    assert_int_equal(read(reader, content, sizeof(content)), 11);
    assert_memory_equal(content, "old content", 11);
    close(reader);
}

static void leaves_nothing_behind_on_failure(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_int_equal(mkdir(scratch("d"), 0700), 0);
    assert_int_equal(mkdir(scratch("d/sub"), 0700), 0);
    /* the rename fails, since a folder is in the way */
    assert_int_equal(fs_replace_file(scratch("d/sub"), "x", 1, 0600, &err), -EISDIR);
    assert_non_null(strstr(err.text, scratch("d/sub")));
    assert_int_equal(count_entries(scratch("d")), 1);
    assert_int_equal(fs_replace_file(scratch("missing/f"), "x", 1, 0600, &err), -ENOENT);
    assert_non_null(strstr(err.text, "missing/f - No such file"));
}

static void replaces_the_target_of_a_link(void **state)
{
    (void)state;
    assert_int_equal(mkdir(scratch("real"), 0700), 0);
    put(scratch("real/f"), "old", 0600);
    assert_int_equal(symlink("real/f", scratch("link")), 0);
    assert_int_equal(fs_replace_file(scratch("link"), "new", 3, 0600, NULL), 0);
    struct stat st;
    assert_int_equal(lstat(scratch("link"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_content(scratch("real/f"), "new", 0600);
}

static void keeps_owner_and_group(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("skipped: only root may give files away\n");
        skip();
    }
    put(scratch("f"), "old", 0640);
    assert_int_equal(chown(scratch("f"), 12, 34), 0);
    assert_int_equal(fs_replace_file(scratch("f"), "new", 3, 0640, NULL), 0);
    struct stat st;
    assert_int_equal(stat(scratch("f"), &st), 0);
    assert_int_equal(st.st_uid, 12);
    assert_int_equal(st.st_gid, 34);
    assert_content(scratch("f"), "new", 0640);
}

static void publishes_a_new_file(void **state)
{
    (void)state;
    CLEAN_NEW_FILE struct fs_new_file f = FS_NEW_FILE_INIT;
    mode_t old = umask(0);
    int r = fs_new_file_begin(&f, scratch("new"), NULL);
    umask(old);
    assert_int_equal(r, 0);
    assert_true(is_cloexec(f.fd));
    assert_content(f.temp_path, "", 0600);
    assert_int_equal(access(scratch("new"), F_OK), -1);
    assert_int_equal(fs_new_file_write(&f, "longer text", 11, NULL), 0);
    assert_int_equal(fs_new_file_write(&f, "short", 5, NULL), 0);
    assert_int_equal(fs_new_file_publish(&f, NULL), 0);
    assert_null(f.temp_path);
    assert_content(scratch("new"), "short", 0600);
    fs_new_file_done(&f);
    fs_new_file_done(&f);
    assert_content(scratch("new"), "short", 0600);
    assert_int_equal(count_entries(scratch_dir), 1);
}

static void never_replaces_with_a_new_file(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    put(scratch("there"), "mine", 0644);
    struct fs_new_file f;
    assert_int_equal(fs_new_file_begin(&f, scratch("there"), &err), -EEXIST);
    assert_non_null(strstr(err.text, "File exists (os error 17)"));
    fs_new_file_done(&f);
    /* a dangling link counts as existing */
    assert_int_equal(symlink("nowhere", scratch("dangling")), 0);
    assert_int_equal(fs_new_file_begin(&f, scratch("dangling"), NULL), -EEXIST);

    /* somebody is faster */
    assert_int_equal(fs_new_file_begin(&f, scratch("race"), NULL), 0);
    assert_int_equal(fs_new_file_write(&f, "ours", 4, NULL), 0);
    put(scratch("race"), "theirs", 0644);
    assert_int_equal(fs_new_file_publish(&f, &err), -EEXIST);
    assert_non_null(f.temp_path);
    fs_new_file_done(&f);
    assert_content(scratch("race"), "theirs", 0644);
    assert_int_equal(count_entries(scratch_dir), 3);
}

static void abandons_or_keeps_the_sibling(void **state)
{
    (void)state;
    struct fs_new_file f;
    assert_int_equal(fs_new_file_begin(&f, scratch("gone"), NULL), 0);
    assert_int_equal(fs_new_file_write(&f, "x", 1, NULL), 0);
    fs_new_file_done(&f);
    assert_int_equal(count_entries(scratch_dir), 0);

    assert_int_equal(fs_new_file_begin(&f, scratch("kept"), NULL), 0);
    assert_int_equal(fs_new_file_write(&f, "key", 3, NULL), 0);
    CLEAN_FREE char *temp = strdup(f.temp_path);
    int fd = f.fd;
    fs_new_file_keep(&f);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_content(temp, "key", 0600);

    struct fs_new_file zero = {0};
    fs_new_file_done(&zero);
    assert_int_not_equal(fcntl(0, F_GETFD), -1);
}

static void makes_one_level_of_folder(void **state)
{
    (void)state;
    struct stat st;
    mode_t old = umask(0277);
    int r = fs_ensure_dir(scratch("d"), NULL);
    umask(old);
    assert_int_equal(r, 0);
    assert_int_equal(stat(scratch("d"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    /* what exists is accepted, whatever its mode and type */
    assert_int_equal(chmod(scratch("d"), 0755), 0);
    assert_int_equal(fs_ensure_dir(scratch("d"), NULL), 0);
    assert_int_equal(stat(scratch("d"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    put(scratch("f"), "", 0600);
    assert_int_equal(fs_ensure_dir(scratch("f"), NULL), 0);

    struct err err = ERR_INIT;
    assert_int_equal(fs_ensure_dir(scratch("a/b"), &err), -ENOENT);
    assert_non_null(strstr(err.text, "a/b - No such file or directory (os error 2)"));
}

static void joins_and_syncs(void **state)
{
    (void)state;
    static const struct {
        const char *dir, *name, *suffix, *path;
    } rows[] = {{"/etc/innernet", "a.b", ".conf", "/etc/innernet/a.b.conf"},
                {"/etc/innernet/", "a", "", "/etc/innernet/a"},
                {"/", "a", ".json", "/a.json"},
                {"c", "a", ".conf", "c/a.conf"}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEAN_FREE char *path = fs_join(rows[i].dir, rows[i].name, rows[i].suffix);
        assert_row_text(rows[i].path, path, rows[i].path);
    }
    assert_int_equal(fs_sync_parent(scratch("whatever"), NULL), 0);
    assert_int_equal(fs_sync_parent("no-slash", NULL), 0);
    assert_int_equal(fs_sync_parent("/root-level", NULL), 0);
    assert_int_equal(fs_sync_parent(scratch("missing/f"), NULL), -ENOENT);
}

/* Waits until the last change of the file lies far enough back. */
static struct fs_stamp settled_stamp(const char *path)
{
    struct fs_stamp stamp = fs_stamp_take(path);
    while (!stamp.is_set) {
        usleep(1000);
        stamp = fs_stamp_take(path);
    }
    return stamp;
}

static void stamps_follow_every_change(void **state)
{
    (void)state;
    const char *path = scratch("file");
    const char *other = scratch("other");
    struct timespec times[2];
    struct stat st;
    put(path, "one", 0644);
    put(other, "one", 0644);
    struct fs_stamp first = settled_stamp(path), again = fs_stamp_take(path);
    assert_true(fs_stamp_equal(&first, &again));
    struct fs_stamp others = settled_stamp(other);
    assert_false(fs_stamp_equal(&first, &others));

    /* same inode, same size, and its time of change set back */
    assert_int_equal(stat(path, &st), 0);
    put(path, "two", 0644);
    times[0] = st.st_atim;
    times[1] = st.st_mtim;
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    struct fs_stamp second = settled_stamp(path);
    assert_false(fs_stamp_equal(&first, &second));

    assert_int_equal(rename(other, path), 0);
    struct fs_stamp third = settled_stamp(path);
    assert_false(fs_stamp_equal(&second, &third));
    assert_int_equal(symlink(path, scratch("link")), 0);
    struct fs_stamp through = fs_stamp_take(scratch("link"));
    assert_true(fs_stamp_equal(&third, &through));
}

static void stamps_of_nothing_equal_nothing(void **state)
{
    (void)state;
    struct fs_stamp a = fs_stamp_take(scratch("missing")), b = FS_STAMP_INIT;
    assert_false(a.is_set);
    assert_false(fs_stamp_equal(&a, &a));
    assert_false(fs_stamp_equal(&a, &b));
}

static void stamps_wait_for_a_change_to_settle(void **state)
{
    (void)state;
    const char *path = scratch("file");
    put(path, "one", 0644);
    struct timespec after;
    struct stat st;
    struct fs_stamp stamp = fs_stamp_take(path);
    clock_gettime(CLOCK_REALTIME, &after);
    assert_int_equal(stat(path, &st), 0);
    /* unless this process slept meanwhile the file was written this very moment */
    if (after.tv_sec == st.st_ctim.tv_sec && after.tv_nsec - st.st_ctim.tv_nsec < 100000000)
        assert_false(stamp.is_set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(reads_up_to_the_limit),
        WITH_SCRATCH(reads_what_has_no_size),
        WITH_SCRATCH(reads_empty_and_large_files),
        WITH_SCRATCH(refuses_what_is_no_file),
        WITH_SCRATCH(replaces_with_exact_mode),
        WITH_SCRATCH(replaces_in_the_working_folder),
        WITH_SCRATCH(keeps_the_old_inode_whole),
        WITH_SCRATCH(leaves_nothing_behind_on_failure),
        WITH_SCRATCH(replaces_the_target_of_a_link),
        WITH_SCRATCH(keeps_owner_and_group),
        WITH_SCRATCH(publishes_a_new_file),
        WITH_SCRATCH(never_replaces_with_a_new_file),
        WITH_SCRATCH(abandons_or_keeps_the_sibling),
        WITH_SCRATCH(makes_one_level_of_folder),
        WITH_SCRATCH(joins_and_syncs),
        WITH_SCRATCH(stamps_follow_every_change),
        WITH_SCRATCH(stamps_of_nothing_equal_nothing),
        WITH_SCRATCH(stamps_wait_for_a_change_to_settle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
