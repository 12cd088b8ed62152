#include "datastore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "innernet/log.h"

void datastore_done(struct datastore *d)
{
    free(d->path);
    state_done(&d->state);
    free(d->marks);
    buf_done(&d->text);
    *d = (struct datastore){0};
}

static void warn_world_access(const char *path, mode_t mode)
{
    if (mode & 0007)
        log_warn("%s is world-accessible (mode is 0o%03o). Its keys and addresses are nobody "
                 "else's business: chmod 0600 it.",
                 path, mode & 0777u);
}

/* Keeps what was read as "<path>.corrupt". An older copy stays: the file itself is not touched
 * either, so nothing is lost. Returns whether there is such a copy. */
static bool keep_copy(const struct datastore *d, char **ret_path)
{
    struct fs_new_file file;
    struct err err = ERR_INIT;
    CLEAN_FREE char *path = NULL;
    if (asprintf(&path, "%s.corrupt", d->path) < 0) {
        path = NULL;
        return false;
    }
    int r = fs_new_file_begin(&file, path, &err);
    if (r == 0) {
        r = fs_new_file_write(&file, d->text.data, d->text.len, &err);
        if (r == 0)
            r = fs_new_file_publish(&file, &err);
        fs_new_file_done(&file);
    }
    if (r < 0 && r != -EEXIST) {
        log_warn("could not keep a copy: %s", err.text);
        return false;
    }
    *ret_path = TAKE_PTR(path);
    return true;
}

static int refuse_damaged(const struct datastore *d, enum datastore_mode mode, int r,
                          struct err *err)
{
    CLEAN_FREE char *copy = NULL;
    if (r == -EPROTONOSUPPORT)
        return err_prefix(err, r, "%s was written by another version of innernet", d->path);
    if (r != -EBADMSG && r != -EINVAL)
        return err_prefix(err, r, "%s", d->path);
    bool kept = mode == DATASTORE_UPDATE && keep_copy(d, &copy);
    char cause[ERR_TEXT_MAX];
    memcpy(cause, err ? err->text : "", err ? sizeof(cause) : 1);
    return err_set(err, -EBADMSG,
                   "%s is damaged (%s): the pinned keys in it cannot be checked, so nothing was "
                   "changed.%s%s%s Restore it from a backup; deleting it trusts the server's keys "
                   "anew",
                   d->path, cause, kept ? " A copy is kept in " : "", kept ? copy : "",
                   kept ? "." : "");
}

static void warn_skipped(void *user, const char *reason)
{
    struct datastore *d = user;
    d->skipped = true;
    log_warn("%s: record left out: %s", d->path, reason);
}

int datastore_open(const char *path, enum datastore_mode mode, struct datastore *ret,
                   struct err *err)
{
    CLEAN_DATASTORE struct datastore d = {0};
    d.mode = 0600;
    d.path = strdup(path);
    if (!d.path)
        return err_set(err, -ENOMEM, "%s - out of memory", path);
    d.stamp = fs_stamp_take(path);
    heap_expect(d.stamp.size); /* unknown, 0, when it was written this very moment */
    int r = fs_read_file(path, DATASTORE_FILE_MAX, &d.text, &d.mode, err);
    if (r < 0 && !(r == -ENOENT && mode == DATASTORE_UPDATE))
        return r;
    if (r == 0)
        warn_world_access(path, d.mode);
    if (r == 0 && d.text.len > 0) {
        r = record_decode_store(d.text.data, d.text.len, warn_skipped, &d, &d.state, err);
        if (r < 0)
            return refuse_damaged(&d, mode, r, err);
        if (mode == DATASTORE_UPDATE)
            digest_text(d.text.data, d.text.len, d.digest);
    }
    d.is_changed = d.skipped || d.digest[0] == '\0';
    if (!d.skipped)
        buf_done(&d.text);
    *ret = d;
    d = (struct datastore){0};
    return 0;
}

/* A file that was written a moment ago has no stamp yet: its bytes tell. */
bool datastore_is_current(struct datastore *d)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    char digest[DIGEST_TEXT_MAX] = "";
    struct fs_stamp stamp = fs_stamp_take(d->path);
    if (fs_stamp_equal(&stamp, &d->stamp))
        return true;
    int r = fs_read_file(d->path, DATASTORE_FILE_MAX, &text, NULL, NULL);
    if (r < 0 && r != -ENOENT)
        return false;
    if (text.len > 0)
        digest_text(text.data, text.len, digest);
    if (strcmp(digest, d->digest) != 0)
        return false;
    d->stamp = stamp;
    return true;
}

/* --- save --------------------------------------------------------------------------------------
 */

int datastore_save(struct datastore *d, struct err *err)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    CLEAN_FREE char *copy = NULL;
    char digest[DIGEST_TEXT_MAX];
    if (!d->is_changed)
        return 0;
    record_encode_store(&text, &d->state);
    if (text.failed)
        return err_set(err, -ENOMEM, "%s - out of memory", d->path);
    if (text.len > DATASTORE_FILE_MAX)
        return err_set(err, -EFBIG,
                       "%s is not written: it would be larger than the %zu MiB that can be read "
                       "again",
                       d->path, DATASTORE_FILE_MAX >> 20);
    digest_text(text.data, text.len, digest);
    if (strcmp(digest, d->digest) != 0) {
        if (d->skipped && keep_copy(d, &copy))
            log_warn("%s is rewritten without those records; the old file is kept in %s", d->path,
                     copy);
        int r = fs_replace_file(d->path, text.data, text.len, d->mode & 0777, err);
        if (r < 0)
            return r;
    }
    memcpy(d->digest, digest, sizeof(digest));
    d->stamp = FS_STAMP_INIT;
    d->skipped = d->is_changed = false;
    buf_done(&d->text);
    return 0;
}
