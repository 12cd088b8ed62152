#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "innernet/log.h"
#include "paths.h"

static char dir[64];
static const struct client client = {.config_dir = dir, .data_dir = dir};

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/innernet-paths-XXXXXX");
    assert_non_null(mkdtemp(dir));
    log_init(stdout, LOG_LEVEL_OFF);
    return 0;
}

static void touch(const char *name)
{
    CLEAN_FREE char *path = fs_join(dir, name, "");
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void drop(const char *name)
{
    CLEAN_FREE char *path = fs_join(dir, name, "");
    assert_int_equal(remove(path), 0);
}

/* 9.19: a dot in the name is part of it. */
static void names_are_appended_to_whole(void **state)
{
    (void)state;
    struct client c = {.config_dir = "/c", .data_dir = "/d/"};
    CLEAN_FREE char *plain = paths_config(&c, "wg0");
    CLEAN_FREE char *dotted = paths_config(&c, "a.b");
    CLEAN_FREE char *store = paths_store(&c, "a.b");
    assert_string_equal(plain, "/c/wg0.conf");
    assert_string_equal(dotted, "/c/a.b.conf");
    assert_non_null(strstr(store, "a.b.json"));
}

/* 3.1: regular files with exactly that ending; no links, no folders. */
static void installed_interfaces_are_regular_conf_files(void **state)
{
    (void)state;
    CLEAN_PATH_NAMES struct path_names names = {0};
    CLEAN_FREE char *folder = fs_join(dir, "folder", ".conf");
    CLEAN_FREE char *link = fs_join(dir, "link", ".conf");
    touch("zeta.conf");
    touch("alpha.conf");
    touch("other.json");
    touch("noending");
    touch(".conf");
    touch("beta.conf~");
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(symlink("alpha.conf", link), 0);
    assert_int_equal(paths_interfaces(&client, &names, NULL), 0);
    assert_int_equal(names.n, 2);
    assert_string_equal(names.names[0], "alpha");
    assert_string_equal(names.names[1], "zeta");
    assert_int_equal(names.n_bad, 0);
    drop("zeta.conf"), drop("alpha.conf"), drop("other.json"), drop("noending"), drop(".conf");
    drop("beta.conf~"), drop("folder.conf"), drop("link.conf"), drop("");
}

static void bad_names_are_counted_and_do_not_hide_the_others(void **state)
{
    (void)state;
    CLEAN_PATH_NAMES struct path_names names = {0};
    touch("good.conf");
    touch("Bad Name.conf");
    touch("much-too-long-a-name.conf");
    assert_int_equal(paths_interfaces(&client, &names, NULL), 0);
    assert_int_equal(names.n, 1);
    assert_int_equal(names.n_bad, 2);
    drop("good.conf"), drop("Bad Name.conf"), drop("much-too-long-a-name.conf"), drop("");
}

static void a_missing_folder_is_an_error(void **state)
{
    (void)state;
    struct path_names names;
    struct err err = ERR_INIT;
    drop("");
    assert_int_equal(paths_interfaces(&client, &names, &err), -ENOENT);
    assert_non_null(strstr(err.text, dir));
}

/* The lock keeps others out as long as its fd is open, and makes the data dir. */
static void the_lock_is_exclusive(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    int fd = -1, second = -1;
    CLEAN_FREE char *lock = fs_join(dir, "net", ".lock");
    drop("");
    assert_int_equal(paths_lock(&client, "net", &fd, &err), 0);
    assert_int_equal(fs_lock(lock, 0, &second, &err), -EAGAIN);
    close(fd);
    assert_int_equal(fs_lock(lock, 0, &second, &err), 0);
    close(second);
    drop("net.lock"), drop("");
}

/* Who may write the folder may work on its networks. */
static void the_lock_is_as_shared_as_the_folder(void **state)
{
    (void)state;
    struct stat st;
    int fd = -1;
    CLEAN_FREE char *lock = fs_join(dir, "net", ".lock");
    for (int shared = 0; shared < 2; shared++) {
        assert_int_equal(chmod(dir, shared ? 0770 : 0700), 0);
        assert_int_equal(paths_lock(&client, "net", &fd, NULL), 0);
        close(fd);
        assert_int_equal(stat(lock, &st), 0);
        assert_int_equal(st.st_mode & 0777, shared ? 0660 : 0600);
    }
    drop("net.lock"), drop("");
}

#define CASE(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_appended_to_whole),
        CASE(installed_interfaces_are_regular_conf_files),
        CASE(bad_names_are_counted_and_do_not_hide_the_others),
        CASE(a_missing_folder_is_an_error),
        CASE(the_lock_is_exclusive),
        CASE(the_lock_is_as_shared_as_the_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
