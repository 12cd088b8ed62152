#include "datastore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/fsutil.h"
#include "innernet/log.h"
#include "innernet/map.h"

void datastore_done(struct datastore *d)
{
    free(d->path);
    state_done(&d->state);
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
    int r = fs_read_file(path, DATASTORE_FILE_MAX, &d.text, &d.mode, err);
    if (r < 0 && !(r == -ENOENT && mode == DATASTORE_UPDATE))
        return r;
    if (r == 0)
        warn_world_access(path, d.mode);
    if (r == 0 && d.text.len > 0) {
        r = record_decode_store(d.text.data, d.text.len, warn_skipped, &d, &d.state, err);
        if (r < 0)
            return refuse_damaged(&d, mode, r, err);
    }
    *ret = d;
    d = (struct datastore){0};
    return 0;
}

/* --- update ------------------------------------------------------------------------------------
 */

/* Appends or replaces; `peers` has room for one more. Fails before it changes anything. */
static int merge_peer(struct peer *peers, size_t *n, struct map *by_ip, const struct peer *from)
{
    struct peer copy = {0};
    size_t at;
    int r = peer_copy(from, &copy);
    if (r < 0)
        return r;
    if (map_get(by_ip, IP_KEY(&from->ip), &at)) {
        peer_done(&peers[at]);
        peers[at] = copy;
        return 0;
    }
    peers[*n] = copy;
    r = map_add(by_ip, IP_KEY(&peers[*n].ip), *n);
    (*n)++;
    return r;
}

static int copy_peers(const struct state *old, size_t extra, struct map *by_ip, struct peer **ret,
                      size_t *ret_n)
{
    int r = map_reserve(by_ip, old->n_peers + extra);
    if (r < 0)
        return r;
    struct peer *peers = calloc(old->n_peers + extra + 1, sizeof(*peers));
    if (!peers)
        return -ENOMEM;
    size_t n = 0;
    for (; r == 0 && n < old->n_peers; n++) {
        r = peer_copy(&old->peers[n], &peers[n]);
        if (r == 0 && map_add(by_ip, IP_KEY(&peers[n].ip), n) == -ENOMEM)
            r = -ENOMEM;
    }
    *ret = peers;
    *ret_n = n;
    return r;
}

/* Peers that the server does not list any more stay, as disabled ones. */
static int disable_missing(struct peer *peers, size_t n, const struct state *server)
{
    CLEAN_MAP struct map listed = MAP_INIT;
    int r = map_reserve(&listed, server->n_peers);
    for (size_t i = 0; r == 0 && i < server->n_peers; i++)
        r = map_put(&listed, server->peers[i].public_key.bytes, KEY_LEN, i);
    for (size_t i = 0; r == 0 && i < n; i++)
        if (!map_get(&listed, peers[i].public_key.bytes, KEY_LEN, NULL))
            peers[i].is_disabled = true;
    return r;
}

static int merge_peers(const struct state *old, const struct state *server, struct peer **ret,
                       size_t *ret_n)
{
    CLEAN_MAP struct map by_ip = MAP_INIT;
    struct peer *peers = NULL;
    size_t n = 0;
    int r = copy_peers(old, server->n_peers, &by_ip, &peers, &n);
    for (size_t i = 0; r == 0 && i < server->n_peers; i++)
        r = merge_peer(peers, &n, &by_ip, &server->peers[i]);
    if (r == 0)
        r = disable_missing(peers, n, server);
    if (r < 0) {
        peers_free(peers, n);
        return r;
    }
    *ret = peers;
    *ret_n = n;
    return 0;
}

static int copy_cidrs(const struct state *server, struct cidr **ret)
{
    struct cidr *cidrs = calloc(server->n_cidrs + 1, sizeof(*cidrs));
    if (!cidrs)
        return -ENOMEM;
    for (size_t i = 0; i < server->n_cidrs; i++) {
        int r = cidr_copy(&server->cidrs[i], &cidrs[i]);
        if (r < 0) {
            cidrs_free(cidrs, i);
            return r;
        }
    }
    *ret = cidrs;
    return 0;
}

int datastore_update(struct datastore *d, const struct state *server, struct err *err)
{
    CLEAN_STATE struct state next = {0};
    int r = merge_peers(&d->state, server, &next.peers, &next.n_peers);
    if (r == 0)
        r = copy_cidrs(server, &next.cidrs);
    if (r < 0)
        return err_set(err, r, "%s - out of memory", d->path);
    next.n_cidrs = server->n_cidrs;
    struct state old = d->state;
    d->state = next;
    next = old;
    return 0;
}

/* --- save --------------------------------------------------------------------------------------
 */

int datastore_save(struct datastore *d, struct err *err)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    CLEAN_FREE char *copy = NULL;
    record_encode_store(&text, &d->state);
    if (text.failed)
        return err_set(err, -ENOMEM, "%s - out of memory", d->path);
    if (text.len == d->text.len && memcmp(text.data, d->text.data, text.len) == 0)
        return 0;
    if (d->skipped && keep_copy(d, &copy))
        log_warn("%s is rewritten without those records; the old file is kept in %s", d->path,
                 copy);
    int r = fs_replace_file(d->path, text.data, text.len, d->mode & 0777, err);
    if (r < 0)
        return r;
    d->skipped = false;
    struct buf old = d->text;
    d->text = text;
    text = old;
    return 0;
}
