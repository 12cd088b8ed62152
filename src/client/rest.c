#include "rest.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/version.h"
#include "rest_header.h"
#include "rest_private.h"
#include "stop.h"

#define CONNECT_TIMEOUT_MS 10000L
#define TEXT_MAX 160

/* --- sessions -------------------------------------------------------------------------------- */

int rest_open(struct rest_hub *hub, const struct sock_addr *server, const struct key *server_key,
              struct rest **ret, struct err *err)
{
    char address[SOCK_ADDR_TEXT_MAX], key[KEY_TEXT_MAX];
    struct rest *r = calloc(1, sizeof(*r));
    if (!r)
        return err_set(err, -ENOMEM, "HTTP client - out of memory");
    int result = hub ? 0 : rest_hub_open(&r->own_hub, err);
    r->hub = hub ? hub : r->own_hub;
    if (result < 0) {
        free(r);
        return result;
    }
    r->curl = curl_easy_init();
    if (!r->curl) {
        rest_hub_free(r->own_hub);
        free(r);
        return err_set(err, -ENOMEM, "HTTP client - libcurl cannot be initialised");
    }
    snprintf(r->base, sizeof(r->base), "http://%s/v1", sock_addr_format(server, address));
    snprintf(r->key_header, sizeof(r->key_header), "X-Innernet-Server-Key: %s",
             key_format(server_key, key));
    r->next = r->hub->first;
    r->hub->first = r;
    *ret = r;
    return 0;
}

void rest_cancel(struct rest *r)
{
    if (r->state == REST_UNDER_WAY)
        curl_multi_remove_handle(r->hub->multi, r->curl);
    r->state = REST_IDLE;
    curl_easy_setopt(r->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(r->headers);
    r->headers = NULL;
    buf_done(&r->body);
    buf_done(&r->answer);
}

void rest_free(struct rest *r)
{
    if (!r)
        return;
    rest_cancel(r);
    for (struct rest **at = &r->hub->first; *at; at = &(*at)->next)
        if (*at == r) {
            *at = r->next;
            break;
        }
    curl_easy_cleanup(r->curl);
    rest_hub_free(r->own_hub);
    free(r);
}

/* --- a request ------------------------------------------------------------------------------- */

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
    struct rest *r = user;
    size_t len = size * n; /* size is always 1 */
    if (len > REST_BODY_MAX - r->answer.len) {
        r->too_large = true;
        return 0;
    }
    buf_append(&r->answer, data, len);
    return r->answer.failed ? 0 : len;
}

/* libcurl has a limit for headers, but keeps trailers (RFC 9112 7.1.2) without end. */
static size_t on_header(char *data, size_t size, size_t n, void *user)
{
    struct rest *r = user;
    (void)data;
    r->head_len += size * n;
    r->head_too_large = r->head_len > REST_HEAD_MAX;
    return r->head_too_large ? 0 : size * n;
}

static size_t on_send(char *out, size_t size, size_t n, void *user)
{
    struct rest *r = user;
    size_t len = r->body.len - r->sent;
    if (len > size * n)
        len = size * n;
    if (len > 0)
        memcpy(out, r->body.data + r->sent, len);
    r->sent += len;
    return len;
}

/* libcurl wants to repeat a request when a connection that served before is closed without an
 * answer. A request with a body may have been acted on by then: it is sent once (spec/client.md
 * 7.1). */
static int on_rewind(void *user, curl_off_t offset, int origin)
{
    (void)user, (void)offset, (void)origin;
    return CURL_SEEKFUNC_FAIL;
}

/* Set anew for each request: a reset keeps the connection, but no option of the request before. */
static bool set_common_options(struct rest *r)
{
    CURL *c = r->curl;
    curl_easy_reset(c);
    return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HTTP09_ALLOWED, 0L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_USERAGENT, "innernet/" INNERNET_VERSION) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_ERRORBUFFER, r->curl_error) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PRIVATE, (char *)r) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HEADERDATA, r) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEDATA, r) == CURLE_OK;
}

static bool set_body(struct rest *r)
{
    CURL *c = r->curl;
    return curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_READFUNCTION, on_send) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_READDATA, r) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_rewind) == CURLE_OK;
}

static bool add_header(struct rest *r, const char *line)
{
    struct curl_slist *longer = curl_slist_append(r->headers, line);
    if (longer)
        r->headers = longer;
    return longer != NULL;
}

static bool add_headers(struct rest *r, const struct rest_request *request)
{
    char line[REST_TAG_MAX + 32];
    bool ok = add_header(r, r->key_header);
    if (request->body)
        ok = ok && add_header(r, "Content-Type: application/json") && add_header(r, "Expect:");
    if (request->if_none_match) {
        snprintf(line, sizeof(line), "If-None-Match: %s", request->if_none_match);
        ok = ok && add_header(r, line);
    }
    if (request->wait_s > 0) {
        snprintf(line, sizeof(line), "Prefer: wait=%u", request->wait_s);
        ok = ok && add_header(r, line);
    }
    return ok;
}

static bool set_request(struct rest *r, const struct rest_request *request)
{
    CURL *c = r->curl;
    return set_common_options(r) && add_headers(r, request) &&
           curl_easy_setopt(c, CURLOPT_URL, r->url) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HTTPHEADER, r->headers) == CURLE_OK &&
           (!r->has_body || set_body(r)) &&
           curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK &&
           curl_multi_add_handle(r->hub->multi, c) == CURLM_OK;
}

int rest_start(struct rest *r, const struct rest_request *request, struct err *err)
{
    rest_cancel(r);
    r->curl_error[0] = '\0';
    r->sent = 0;
    r->late = r->too_large = r->head_too_large = false;
    r->head_len = 0;
    r->has_tag = request->if_none_match != NULL;
    r->has_body = request->body != NULL;
    r->wait_s = request->wait_s;
    r->started_ms = stop_clock_ms();
    if (r->has_body)
        buf_append(&r->body, request->body->data, request->body->len);
    snprintf(r->url, sizeof(r->url), "%s%s", r->base, request->path);
    if (r->body.failed || !set_request(r, request)) {
        rest_cancel(r);
        return err_set(err, -ENOMEM, "%s - the request cannot be set up (out of memory?)", r->url);
    }
    r->state = REST_UNDER_WAY;
    return 0;
}

bool rest_has_ended(const struct rest *r)
{
    return r->state == REST_ENDED;
}

/* --- its end --------------------------------------------------------------------------------- */

/* No status line was read: the cached state may serve. */
static int fail_transport(const struct rest *r, struct rest_outcome *outcome, struct err *err)
{
    const char *why = r->curl_error[0] ? r->curl_error : curl_easy_strerror(r->code);
    outcome->class = REST_TRANSPORT;
    if (r->code == CURLE_ABORTED_BY_CALLBACK)
        return err_set(err, -ECANCELED, "sending failed: %s: stopped by a signal", r->url);
    if (r->late)
        why = "no answer within 10 s";
    else if (r->code == CURLE_SEND_FAIL_REWIND)
        why = "the connection was closed before an answer came";
    return err_set(err, -EHOSTUNREACH, "sending failed: %s: %.*s", r->url, TEXT_MAX, why);
}

static int fail_read(const struct rest *r, struct rest_outcome *outcome, struct err *err)
{
    const char *why = r->curl_error[0] ? r->curl_error : curl_easy_strerror(r->code);
    outcome->class = REST_READ;
    if (r->head_too_large)
        why = "the answer's header is larger than 64 KiB";
    else if (r->too_large)
        why = "the answer is larger than 10 MiB";
    else if (r->late)
        why = "the answer was not complete within 10 s";
    return err_set(err, -EPIPE, "reading failed: %s: %.*s", r->url, TEXT_MAX, why);
}

/* Of several fields of one name none can be trusted. */
static const char *header(const struct rest *r, const char *name)
{
    struct curl_header *found;
    if (curl_easy_header(r->curl, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK ||
        found->amount != 1)
        return "";
    return found->value;
}

static void read_headers(const struct rest *r, struct rest_outcome *outcome)
{
    curl_off_t retry_after = 0;
    const char *tag = header(r, "ETag");
    if (rest_header_is_tag(tag))
        snprintf(outcome->tag, sizeof(outcome->tag), "%s", tag);
    outcome->waited = r->wait_s > 0 && rest_header_has_wait(header(r, "Preference-Applied"));
    curl_easy_getinfo(r->curl, CURLINFO_RETRY_AFTER, &retry_after);
    outcome->retry_after_s = retry_after > REST_RETRY_AFTER_MAX_S ? REST_RETRY_AFTER_MAX_S
                             : retry_after > 0                    ? (unsigned)retry_after
                                                                  : 0;
}

static int judge(const struct rest *r, struct rest_outcome *outcome, struct err *err)
{
    curl_off_t connected = 0;
    long request_size = 0;
    curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &outcome->status);
    curl_easy_getinfo(r->curl, CURLINFO_REQUEST_SIZE, &request_size);
    curl_easy_getinfo(r->curl, CURLINFO_PRETRANSFER_TIME_T, &connected);
    outcome->request_sent = connected > 0 && request_size > 0;
    if (r->answer.failed || r->code == CURLE_OUT_OF_MEMORY) {
        outcome->class = REST_READ;
        return err_set(err, -ENOMEM, "%s - out of memory", r->url);
    }
    if (outcome->status == 0)
        return fail_transport(r, outcome, err);
    read_headers(r, outcome);
    outcome->not_modified = outcome->status == 304 && r->has_tag && r->code == CURLE_OK;
    if (outcome->not_modified)
        return 0;
    if (outcome->status >= 300 || outcome->status < 200) {
        outcome->class = REST_STATUS;
        return err_set(err, -EREMOTEIO, "sending failed: %s: status code %ld%s", r->url,
                       outcome->status, rest_header_status_hint(outcome->status));
    }
    return r->code == CURLE_OK ? 0 : fail_read(r, outcome, err);
}

int rest_finish(struct rest *r, struct buf *answer, struct rest_outcome *outcome, struct err *err)
{
    *outcome = (struct rest_outcome){.class = REST_OK};
    if (r->state == REST_UNDER_WAY)
        rest_hub_end(r, CURLE_ABORTED_BY_CALLBACK);
    int result = judge(r, outcome, err);
    buf_done(answer);
    *answer = r->answer;
    r->answer = BUF_INIT;
    rest_cancel(r);
    return result;
}

void rest_wait(struct rest *r)
{
    while (!rest_has_ended(r) && !stop_requested())
        rest_hub_wait(r->hub, LLONG_MAX, NULL, 0);
}

int rest_call(struct rest *r, const struct rest_request *request, struct buf *answer,
              struct rest_outcome *outcome, struct err *err)
{
    *outcome = (struct rest_outcome){.class = REST_TRANSPORT};
    int result = rest_start(r, request, err);
    if (result < 0)
        return result;
    rest_wait(r);
    return rest_finish(r, answer, outcome, err);
}
