#include "http_wait.h"

#include <errno.h>
#include <sys/epoll.h>

#include "innernet/log.h"

int http_waits_init(struct http_waits *w, struct api *api, struct http_pace *pace)
{
    *w = (struct http_waits){.api = api, .pace = pace, .left_fd = epoll_create1(EPOLL_CLOEXEC)};
    link_init(&w->watches);
    link_init(&w->changed);
    for (size_t i = 0; i < HTTP_WAIT_STEPS; i++)
        link_init(&w->wheel[i]);
    return w->left_fd < 0 ? -errno : 0;
}

void http_waits_done(struct http_waits *w)
{
    map_done(&w->sources);
    cleanup_close(&w->left_fd);
}

/* --- who waits for what --- */

/* Those who come later have the body of this moment, and the others may still have the one before:
 * all are woken for the difference, even when it is undone by then, and who has it already waits
 * on. */
static struct http_watch *find_watch(struct http_waits *w, struct snapshot_entry *entry)
{
    struct http_watch *watch = entry->watch;
    if (watch) {
        watch->is_mixed = watch->is_mixed || !body_equal(watch->body, entry->body);
        return watch;
    }
    watch = malloc(sizeof(*watch));
    if (!watch)
        return NULL;
    *watch = (struct http_watch){
        .entry = entry, .body = body_ref(entry->body), .version = entry->version};
    link_init(&watch->waiters);
    link_append(&w->watches, &watch->link);
    entry->watch = watch;
    return watch;
}

static void unwatch_if_unused(struct http_watch *watch)
{
    if (!link_is_empty(&watch->waiters))
        return;
    link_remove(&watch->link);
    if (watch->entry)
        watch->entry->watch = NULL;
    body_unref(watch->body);
    free(watch);
}

bool http_wait_begin(struct http_waits *w, struct http_conn *c, const struct ip *source,
                     const struct api_response *answer)
{
    struct epoll_event left = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = c};
    uint64_t now_ms = c->all->now_ms;
    if (c->wait_until_ms == 0)
        c->wait_until_ms = now_ms + (uint64_t)answer->wait_s * 1000;
    c->source = http_source_take(&w->sources, source);
    if (!c->source)
        return false;
    c->watch = find_watch(w, answer->watched);
    if (!c->watch || epoll_ctl(w->left_fd, EPOLL_CTL_ADD, c->fd, &left) < 0) {
        if (c->watch)
            unwatch_if_unused(c->watch);
        http_source_give(&w->sources, c->source);
        return false;
    }
    http_conn_enter(c, HTTP_WAITING, &c->watch->waiters);
    c->watch->n++;
    link_append(&w->wheel[(c->wait_until_ms / HTTP_WAIT_STEP_MS + 1) % HTTP_WAIT_STEPS], &c->slot);
    if (w->n++ == 0)
        w->step = now_ms / HTTP_WAIT_STEP_MS;
    return true;
}

static void end(struct http_waits *w, struct http_conn *c)
{
    epoll_ctl(w->left_fd, EPOLL_CTL_DEL, c->fd, NULL);
    http_source_give(&w->sources, c->source);
    link_remove(&c->slot);
    link_remove(&c->link);
    c->watch->n--;
    unwatch_if_unused(c->watch);
    c->source = NULL;
    c->watch = NULL;
    w->n--;
}

/* --- the ends --- */

/* Into the queue of large answers. */
static void wake(struct http_waits *w, struct http_conn *c)
{
    end(w, c);
    http_pace_queue(w->pace, c);
}

/* The first watch of a list ends with the last of its waiters. */
static bool wake_first(struct http_waits *w, const struct link *watches)
{
    struct link *l = link_first(watches);
    if (!l)
        return false;
    const struct http_watch *watch = LINK_OWNER(l, struct http_watch, link);
    wake(w, LINK_OWNER(link_first(&watch->waiters), struct http_conn, link));
    return true;
}

static void wake_expired(struct http_waits *w, uint64_t now_ms)
{
    for (; w->step < now_ms / HTTP_WAIT_STEP_MS; w->step++) {
        struct link *over = &w->wheel[(w->step + 1) % HTTP_WAIT_STEPS];
        for (struct link *l = link_first(over); l; l = link_first(over))
            wake(w, LINK_OWNER(l, struct http_conn, slot));
    }
}

/* Who closes only its own direction may have its answer as well, but at once. */
static void wake_left(struct http_waits *w, uint64_t now_ms)
{
    struct epoll_event events[64];
    int n;
    do {
        n = epoll_wait(w->left_fd, events, ARRAY_SIZE(events), 0);
        for (int i = 0; i < n; i++) {
            struct http_conn *c = events[i].data.ptr;
            c->wait_until_ms = now_ms;
            wake(w, c);
        }
    } while (n == ARRAY_SIZE(events));
}

/* --- changes --- */

/* False when memory is short. */
static bool compare(struct http_waits *w, struct http_watch *watch, bool roaming, uint64_t now_ms)
{
    const struct snapshot_entry *entry = snapshot_state(w->api->snapshot, watch->entry->cidr_id);
    if (!entry)
        return false;
    watch->version = entry->version;
    if (!watch->is_mixed && body_equal(entry->body, watch->body)) {
        link_remove(&watch->link);
        link_append(&w->watches, &watch->link);
        return true;
    }
    if (roaming)
        w->roaming_due_ms = now_ms + watch->n * HTTP_WAKE_PER_ROAMING_MS;
    watch->entry->watch = NULL;
    watch->entry = NULL;
    link_remove(&watch->link);
    link_append(&w->changed, &watch->link);
    return true;
}

/* One print at most. */
static void find_changed(struct http_waits *w, uint64_t now_ms)
{
    const struct snapshot *s = w->api->snapshot;
    struct snapshot_version now = snapshot_now(s);
    uint64_t n_builds = s->n_builds;
    for (struct link *l = link_first(&w->watches); l; l = link_first(&w->watches)) {
        struct http_watch *watch = LINK_OWNER(l, struct http_watch, link);
        bool roaming = watch->version.model == now.model;
        if (snapshot_version_equal(watch->version, now) || (roaming && now_ms < w->roaming_due_ms))
            return;
        w->has_pending = s->n_builds != n_builds;
        if (w->has_pending)
            return;
        if (!compare(w, watch, roaming, now_ms)) {
            w->retry_ms = now_ms + HTTP_WAIT_STEP_MS;
            return;
        }
    }
}

/* Other processes write into the database, too. */
static void notice_changes(struct http_waits *w)
{
    static struct log_limit limit;
    struct err err = ERR_INIT;
    if (registry_sync(w->api->registry, &err) < 0)
        log_limited(&limit, 10, 60, LOG_LEVEL_ERROR, "cannot read the database: %s", err.text);
}

void http_waits_turn(struct http_waits *w, uint64_t now_ms)
{
    if (w->n == 0)
        return;
    wake_left(w, now_ms);
    if (w->step < now_ms / HTTP_WAIT_STEP_MS) {
        wake_expired(w, now_ms);
        notice_changes(w);
    }
    w->has_pending = false;
    if (now_ms >= w->retry_ms)
        find_changed(w, now_ms);
    while (w->pace->n_queued < HTTP_WAKE_AHEAD && wake_first(w, &w->changed))
        ;
}

void http_waits_wake_all(struct http_waits *w)
{
    while (wake_first(w, &w->changed) || wake_first(w, &w->watches))
        ;
}

/* Something has changed since the turn. */
static bool is_behind(const struct http_waits *w)
{
    const struct link *l = link_first(&w->watches);
    const struct http_watch *oldest = l ? LINK_OWNER(l, struct http_watch, link) : NULL;
    return oldest && oldest->version.model != snapshot_now(w->api->snapshot).model;
}

uint64_t http_waits_next_ms(const struct http_waits *w, uint64_t now_ms)
{
    if (w->n == 0)
        return UINT64_MAX;
    bool may_wake = !link_is_empty(&w->changed) && w->pace->n_queued < HTTP_WAKE_AHEAD;
    bool may_compare = now_ms >= w->retry_ms && (w->has_pending || is_behind(w));
    return may_compare || may_wake ? now_ms : (w->step + 1) * HTTP_WAIT_STEP_MS;
}
