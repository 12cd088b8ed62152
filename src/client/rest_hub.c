#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "rest_private.h"
#include "stop.h"

#define EXCHANGE_TIMEOUT_MS 10000
#define POLL_MAX_MS 1000

int rest_hub_open(struct rest_hub **ret, struct err *err)
{
    static bool is_initialised;
    /* Nothing of what libcurl would set up for other protocols is needed. */
    if (!is_initialised && curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK)
        return err_set(err, -ENOMEM, "HTTP client - libcurl cannot be initialised");
    is_initialised = true;
    struct rest_hub *hub = calloc(1, sizeof(*hub));
    if (hub)
        hub->multi = curl_multi_init();
    if (!hub || !hub->multi) {
        free(hub);
        return err_set(err, -ENOMEM, "HTTP client - out of memory");
    }
    *ret = hub;
    return 0;
}

void rest_hub_free(struct rest_hub *hub)
{
    if (!hub)
        return;
    curl_multi_cleanup(hub->multi);
    free(hub);
}

void rest_hub_end(struct rest *r, CURLcode code)
{
    curl_multi_remove_handle(r->hub->multi, r->curl);
    r->code = code;
    r->state = REST_ENDED;
}

static void collect_ended(struct rest_hub *hub)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(hub->multi, &left))) {
        struct rest *r = NULL;
        CURLcode code = message->data.result;
        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&r) == CURLE_OK && r)
            rest_hub_end(r, code);
    }
}

/* libcurl's own time limit would include connecting, for which it has another one. LLONG_MAX while
 * there is no connection. */
static long long deadline_ms(const struct rest *r)
{
    curl_off_t connected_us = 0;
    curl_easy_getinfo(r->curl, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
    if (connected_us <= 0)
        return LLONG_MAX;
    return r->started_ms + connected_us / 1000 + EXCHANGE_TIMEOUT_MS + r->wait_s * 1000LL;
}

/* Ends what is late. Returns when the next request will be. */
static long long watch_deadlines(struct rest_hub *hub)
{
    long long next_ms = LLONG_MAX;
    for (struct rest *r = hub->first; r; r = r->next) {
        if (r->state != REST_UNDER_WAY)
            continue;
        long long at_ms = deadline_ms(r);
        r->late = at_ms <= stop_clock_ms();
        if (r->late)
            rest_hub_end(r, CURLE_OPERATION_TIMEDOUT);
        else if (at_ms < next_ms)
            next_ms = at_ms;
    }
    return next_ms;
}

static bool has_ended(const struct rest_hub *hub)
{
    for (const struct rest *r = hub->first; r; r = r->next)
        if (r->state == REST_ENDED)
            return true;
    return false;
}

static int pause_ms(long long until_ms)
{
    long long left = until_ms - stop_clock_ms();
    if (left <= 0)
        return 0;
    return left < POLL_MAX_MS ? (int)left : POLL_MAX_MS;
}

static bool is_readable(const struct curl_waitfd *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (fds[i].revents)
            return true;
    return false;
}

void rest_hub_wait(struct rest_hub *hub, long long until_ms, const int *fds, size_t n)
{
    struct curl_waitfd watched[REST_HUB_FDS_MAX + 1];
    unsigned n_watched = 0;
    for (size_t i = 0; i < n && i < REST_HUB_FDS_MAX; i++)
        if (fds[i] >= 0)
            watched[n_watched++] = (struct curl_waitfd){.fd = fds[i], .events = CURL_WAIT_POLLIN};
    unsigned n_callers = n_watched;
    if (stop_fd() >= 0)
        watched[n_watched++] = (struct curl_waitfd){.fd = stop_fd(), .events = CURL_WAIT_POLLIN};
    for (;;) {
        int running;
        curl_multi_perform(hub->multi, &running);
        collect_ended(hub);
        long long late_ms = watch_deadlines(hub);
        if (has_ended(hub) || stop_requested() || stop_clock_ms() >= until_ms)
            return;
        curl_multi_poll(hub->multi, n_watched ? watched : NULL, n_watched,
                        pause_ms(late_ms < until_ms ? late_ms : until_ms), NULL);
        if (is_readable(watched, n_callers))
            return;
    }
}
