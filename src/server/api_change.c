/* Requests for changes: from the handler to the writer, and back with the answer. */
#include <errno.h>

#include "api_private.h"

#define RETRY_AFTER_S 5 /* when too many changes wait for the disk */

/* What is left of a request while its change is on the way. */
struct promise {
    struct api *api;
    void *ticket;
    api_finish_fn finish;
};

static void deliver(void *user, const struct change *c, int outcome, const struct err *err)
{
    struct promise *p = user;
    struct api_response answer = {0};
    p->finish(p->api, c, outcome, err, &answer);
    p->api->deliver(p->api->deliver_user, p->ticket, &answer);
    free(p);
}

static int submit(const struct api_call *call, struct change *c, api_finish_fn finish,
                  struct err *err)
{
    struct promise *p = calloc(1, sizeof(*p));
    if (!p)
        return err_set(err, -ENOMEM, "out of memory");
    *p = (struct promise){.api = call->api, .ticket = call->req->ticket, .finish = finish};
    int r = writer_submit(call->api->writer, c, deliver, p, err);
    if (r < 0)
        free(p);
    return r;
}

/* What the rules forbid or what is there already needs no transaction; but changes that wait may
 * bear on that, and they were first. */
static int decide_at_once(const struct api *api, struct change *c, struct err *err)
{
    if (!api->writer)
        return registry_apply(api->registry, c, err);
    return api->writer->n_waiting > 0 ? 0 : registry_check(api->registry, c, err);
}

enum api_verdict api_change(const struct api_call *call, struct change *c, api_finish_fn finish,
                            struct api_response *ret)
{
    struct err err = ERR_INIT;
    c->by = call->session.peer_id;
    int r = decide_at_once(call->api, c, &err);
    if (r == 0 && call->api->writer) {
        r = submit(call, c, finish, &err);
        if (r == 0)
            return API_LATER;
    }
    finish(call->api, c, r < 0 ? r : 0, &err, ret);
    if (r == -EAGAIN)
        ret->retry_after_s = RETRY_AFTER_S;
    change_done(c);
    return API_ANSWERED;
}
