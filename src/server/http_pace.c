#include "http_pace.h"

void http_pace_init(struct http_pace *p)
{
    *p = (struct http_pace){0};
    link_init(&p->slots);
    link_init(&p->queue);
}

static struct http_conn *oldest(const struct http_pace *p)
{
    struct link *l = link_first(&p->slots);
    return l ? LINK_OWNER(l, struct http_conn, slot) : NULL;
}

static void free_old_slots(struct http_pace *p, uint64_t now_ms)
{
    for (struct http_conn *c = oldest(p); c && c->slot_ms + HTTP_SLOT_MS <= now_ms; c = oldest(p))
        http_pace_give(p, c);
}

bool http_pace_take(struct http_pace *p, struct http_conn *c)
{
    if (c->has_slot)
        return true;
    if (p->n_slots == HTTP_SLOTS)
        free_old_slots(p, c->all->now_ms);
    if (p->n_slots == HTTP_SLOTS)
        return false;
    c->has_slot = true;
    c->slot_ms = c->all->now_ms;
    link_append(&p->slots, &c->slot);
    p->n_slots++;
    return true;
}

void http_pace_give(struct http_pace *p, struct http_conn *c)
{
    if (!c->has_slot)
        return;
    c->has_slot = false;
    link_remove(&c->slot);
    p->n_slots--;
}

void http_pace_queue(struct http_pace *p, struct http_conn *c)
{
    http_conn_enter(c, HTTP_QUEUED, &p->queue);
    p->n_queued++;
}

struct http_conn *http_pace_next(struct http_pace *p, uint64_t now_ms)
{
    struct link *l = link_first(&p->queue);
    if (!l)
        return NULL;
    free_old_slots(p, now_ms);
    struct http_conn *c = LINK_OWNER(l, struct http_conn, link);
    if (!http_pace_take(p, c))
        return NULL;
    p->n_queued--;
    return c;
}

uint64_t http_pace_next_ms(const struct http_pace *p, uint64_t now_ms)
{
    if (p->n_queued == 0)
        return UINT64_MAX;
    const struct http_conn *c = oldest(p);
    return p->n_slots < HTTP_SLOTS || !c ? now_ms : c->slot_ms + HTTP_SLOT_MS;
}
