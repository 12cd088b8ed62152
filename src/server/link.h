#pragma once
/* Doubly linked rings inside other structs, for things that are in one list or another. */

#include <stdbool.h>
#include <stddef.h>

struct link {
    struct link *next; /* NULL: in no list */
    struct link *prev;
};

/* The struct around a link. */
#define LINK_OWNER(link_ptr, type, member)                                                         \
    ((type *)(void *)((char *)(link_ptr)-offsetof(type, member)))

static inline void link_init(struct link *head)
{
    head->next = head->prev = head;
}

static inline bool link_is_empty(const struct link *head)
{
    return head->next == head;
}

/* NULL when empty. */
static inline struct link *link_first(const struct link *head)
{
    return head->next == head ? NULL : head->next;
}

static inline void link_append(struct link *head, struct link *l)
{
    l->prev = head->prev;
    l->next = head;
    head->prev->next = l;
    head->prev = l;
}

/* Does nothing when it is in none. */
static inline void link_remove(struct link *l)
{
    if (!l->next)
        return;
    l->prev->next = l->next;
    l->next->prev = l->prev;
    l->next = l->prev = NULL;
}
