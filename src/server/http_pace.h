#pragma once
/* Large answers one after the other. A change wakes thousands who all want some hundred kilobytes:
 * few are sent at a time, so that everybody else is served in between. A slow reader counts for a
 * moment only, so that it holds up nobody. */

#include "http_conn.h"

/* On the wire. */
#define HTTP_LARGE ((size_t)64 * 1024)
/* Large answers that are younger than this, at a time. */
#define HTTP_SLOTS 16
#define HTTP_SLOT_MS 20

struct http_pace {
    struct link slots; /* oldest first */
    size_t n_slots;
    struct link queue; /* who waits for one; suspended */
    size_t n_queued;
};

void http_pace_init(struct http_pace *p);
/* Takes a slot unless it has one; false when there is none. */
bool http_pace_take(struct http_pace *p, struct http_conn *c);
/* Gives the slot back, if any. */
void http_pace_give(struct http_pace *p, struct http_conn *c);
/* Suspended, until it has a slot. */
void http_pace_queue(struct http_pace *p, struct http_conn *c);
/* The next from the queue, with a slot; NULL when there is no slot or nobody wants one. */
struct http_conn *http_pace_next(struct http_pace *p, uint64_t now_ms);
/* When it has somebody; UINT64_MAX = nobody is queued. */
uint64_t http_pace_next_ms(const struct http_pace *p, uint64_t now_ms);
