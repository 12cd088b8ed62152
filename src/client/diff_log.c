#include "diff_log.h"

#include <errno.h>
#include <stdio.h>

#include "innernet/log.h"
#include "innernet/map.h"

#define KEY_SHOWN 10

static const struct key *diff_key(const struct diff *d)
{
    return d->peer ? &d->peer->public_key : &d->before->public_key;
}

static void describe_action(const struct diff *d, struct buf *out)
{
    switch (d->action) {
    case DIFF_ADD:
        paint(out, SGR_GREEN, "added");
        break;
    case DIFF_MODIFY:
        paint(out, SGR_YELLOW, "modified");
        break;
    case DIFF_REMOVE:
        paint(out, SGR_RED, "removed");
        break;
    }
}

void diff_describe(const struct diff *d, const char *name, struct buf *out)
{
    char key[KEY_TEXT_MAX];
    key_format(diff_key(d), key);
    key[KEY_SHOWN] = '\0';
    buf_puts(out, "  peer ");
    paint(out, SGR_YELLOW, name);
    buf_puts(out, " (");
    CLEAN_BUF struct buf dimmed = BUF_INIT;
    buf_printf(&dimmed, "%s...", key);
    paint(out, SGR_DIM, dimmed.failed ? "" : dimmed.data);
    buf_puts(out, ") was ");
    describe_action(d, out);
    buf_puts(out, ".");
}

void diff_format_allowed_ips(const struct network *nets, size_t n, struct buf *out)
{
    char text[NETWORK_TEXT_MAX];
    buf_putc(out, '[');
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s%s", i ? ", " : "", network_format(&nets[i], text));
    buf_putc(out, ']');
}

static void log_allowed_ips(const struct diff *d)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    if (!log_enabled(LOG_LEVEL_DEBUG))
        return;
    diff_format_allowed_ips(d->before ? d->before->allowed_ips : NULL,
                            d->before ? d->before->n_allowed_ips : 0, &text);
    buf_puts(&text, " => ");
    diff_format_allowed_ips(&d->allowed_ip, d->sets_allowed_ips ? 1 : 0, &text);
    if (!text.failed)
        log_debug("    Allowed IPs: %s", text.data);
}

static const char *keepalive_text(uint16_t seconds, char out[static 8])
{
    if (seconds == 0)
        return "[none]";
    snprintf(out, 8, "%u", seconds);
    return out;
}

static void log_notes(const struct diff *d)
{
    char old[SOCK_ADDR_TEXT_MAX], new[SOCK_ADDR_TEXT_MAX];
    bool had_endpoint = d->before && d->before->has_endpoint;
    if (d->sets_allowed_ips)
        log_allowed_ips(d);
    if (d->sets_keepalive)
        log_debug("    Persistent Keepalive: %s => %s",
                  keepalive_text(d->before ? d->before->keepalive_s : 0, old),
                  keepalive_text(d->keepalive_s, new));
    if (d->sets_endpoint)
        log_info("    Endpoint: %s => %s",
                 had_endpoint ? sock_addr_format(&d->before->endpoint, old) : "[none]",
                 sock_addr_format(&d->endpoint, new));
    if (d->reattempts)
        log_debug("    NAT Traversal Reattempt");
}

static bool is_quiet(const struct diff *d)
{
    return d->action == DIFF_MODIFY && !d->sets_allowed_ips && !d->sets_keepalive &&
           !d->sets_endpoint;
}

static const char *diff_name(const struct diff *d, const struct state *store,
                             const struct map *by_key)
{
    size_t at;
    if (d->peer)
        return d->peer->name;
    if (map_get(by_key, d->before->public_key.bytes, KEY_LEN, &at))
        return store->peers[at].name;
    return "[unknown]";
}

static int log_all(const struct diffs *d, const struct state *store, const struct map *by_key)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct diff *item = &d->items[i];
        CLEAN_BUF struct buf line = BUF_INIT;
        if (is_quiet(item))
            continue;
        diff_describe(item, diff_name(item, store, by_key), &line);
        if (line.failed)
            return -ENOMEM;
        log_info("%s", line.data);
        log_notes(item);
    }
    return 0;
}

int diff_log(const struct diffs *d, const struct state *store)
{
    CLEAN_MAP struct map by_key = MAP_INIT;
    bool has_removals = d->n > 0 && !d->items[d->n - 1].peer; /* they come last */
    if (d->n_changes == 0)
        return 0;
    if (!has_removals)
        return log_all(d, store, &by_key);
    int r = map_reserve(&by_key, store->n_peers);
    for (size_t i = 0; r == 0 && i < store->n_peers; i++)
        r = map_put(&by_key, store->peers[i].public_key.bytes, KEY_LEN, i);
    return r < 0 ? r : log_all(d, store, &by_key);
}
