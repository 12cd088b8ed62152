#include "rest.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/version.h"
#include "stop.h"

#define CONNECT_TIMEOUT_MS 10000L
#define EXCHANGE_TIMEOUT_US (10 * 1000000L)
#define TEXT_MAX 160

struct rest {
    CURL *curl;
    char base[SOCK_ADDR_TEXT_MAX + 16]; /* "http://ip:port/v1" */
    char key_header[64 + KEY_TEXT_MAX];
    char curl_error[CURL_ERROR_SIZE];
};

/* One request under way. */
struct exchange {
    struct rest *rest;
    const struct buf *body; /* nullable */
    size_t sent;
    struct buf *answer;
    bool too_large;
    bool late;
    bool stopped;
};

void rest_free(struct rest *r)
{
    if (!r)
        return;
    curl_easy_cleanup(r->curl);
    free(r);
}

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
    struct exchange *x = user;
    size_t len = size * n; /* size is always 1 */
    if (len > REST_BODY_MAX - x->answer->len) {
        x->too_large = true;
        return 0;
    }
    buf_append(x->answer, data, len);
    return x->answer->failed ? 0 : len;
}

static size_t on_send(char *out, size_t size, size_t n, void *user)
{
    struct exchange *x = user;
    size_t len = x->body->len - x->sent;
    if (len > size * n)
        len = size * n;
    if (len > 0)
        memcpy(out, x->body->data + x->sent, len);
    x->sent += len;
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

/* libcurl's own time limit would include connecting. It calls this at least once a second. */
static int on_progress(void *user, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
                       curl_off_t ulnow)
{
    struct exchange *x = user;
    curl_off_t connected = 0, total = 0;
    (void)dltotal, (void)dlnow, (void)ultotal, (void)ulnow;
    x->stopped = stop_requested();
    curl_easy_getinfo(x->rest->curl, CURLINFO_PRETRANSFER_TIME_T, &connected);
    curl_easy_getinfo(x->rest->curl, CURLINFO_TOTAL_TIME_T, &total);
    x->late = connected > 0 && total - connected > EXCHANGE_TIMEOUT_US;
    return x->stopped || x->late;
}

int rest_open(const struct sock_addr *server, const struct key *server_key, struct rest **ret,
              struct err *err)
{
    char address[SOCK_ADDR_TEXT_MAX], key[KEY_TEXT_MAX];
    struct rest *r = calloc(1, sizeof(*r));
    if (!r)
        return err_set(err, -ENOMEM, "HTTP client - out of memory");
    r->curl = curl_easy_init();
    if (!r->curl) {
        free(r);
        return err_set(err, -ENOMEM, "HTTP client - libcurl cannot be initialised");
    }
    snprintf(r->base, sizeof(r->base), "http://%s/v1", sock_addr_format(server, address));
    snprintf(r->key_header, sizeof(r->key_header), "X-Innernet-Server-Key: %s",
             key_format(server_key, key));
    *ret = r;
    return 0;
}

/* Set anew for each request: a reset keeps the connection, but no option of the request before. */
static bool set_common_options(struct rest *r, struct exchange *x)
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
           curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_XFERINFODATA, x) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEDATA, x) == CURLE_OK;
}

static bool set_body(CURL *c, struct exchange *x)
{
    return curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body->len) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_READFUNCTION, on_send) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_READDATA, x) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_rewind) == CURLE_OK;
}

static bool set_request(struct rest *r, const char *method, const char *url, struct exchange *x,
                        struct curl_slist *headers)
{
    CURL *c = r->curl;
    return curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           (!x->body || set_body(c, x)) &&
           curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK;
}

static struct curl_slist *request_headers(const struct rest *r, const struct buf *body)
{
    const char *const lines[] = {r->key_header, "Content-Type: application/json", "Expect:"};
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < (body ? ARRAY_SIZE(lines) : 1); i++) {
        struct curl_slist *longer = curl_slist_append(list, lines[i]);
        if (!longer) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

/* No status line was read: the cached state may serve. */
static int fail_transport(const struct exchange *x, CURLcode code, const char *url,
                          struct rest_outcome *outcome, struct err *err)
{
    const char *why = x->rest->curl_error[0] ? x->rest->curl_error : curl_easy_strerror(code);
    outcome->class = REST_TRANSPORT;
    if (x->stopped)
        return err_set(err, -ECANCELED, "sending failed: %s: stopped by a signal", url);
    if (x->late)
        why = "no answer within 10 s";
    else if (code == CURLE_SEND_FAIL_REWIND)
        why = "the connection was closed before an answer came";
    return err_set(err, -EHOSTUNREACH, "sending failed: %s: %.*s", url, TEXT_MAX, why);
}

static int fail_read(const struct exchange *x, CURLcode code, const char *url,
                     struct rest_outcome *outcome, struct err *err)
{
    const char *why = x->rest->curl_error[0] ? x->rest->curl_error : curl_easy_strerror(code);
    outcome->class = REST_READ;
    if (x->too_large)
        why = "the answer is larger than 10 MiB";
    else if (x->late)
        why = "the answer was not complete within 10 s";
    return err_set(err, -EPIPE, "reading failed: %s: %.*s", url, TEXT_MAX, why);
}

static const char *status_hint(long status)
{
    if (status == 400)
        return " (the server refuses it: a name, address, key or pair is taken, does not fit where "
               "it should go, or is still in use; list-cidrs and list-associations show what "
               "there is)";
    if (status == 404)
        return " (the server has no such record or route: it was deleted meanwhile, or the server "
               "is an older one)";
    if (status >= 500)
        return " (the server failed; its log tells why, trying again later may help)";
    if (status == 401)
        return " (the server does not know this peer's address and key, or it is no admin's)";
    if (status >= 300 && status < 400)
        return " (a redirect, which no innernet server sends)";
    return "";
}

static int judge(const struct exchange *x, CURLcode code, const char *url,
                 struct rest_outcome *outcome, struct err *err)
{
    curl_off_t connected = 0;
    long request_size = 0;
    CURL *c = x->rest->curl;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &outcome->status);
    curl_easy_getinfo(c, CURLINFO_REQUEST_SIZE, &request_size);
    curl_easy_getinfo(c, CURLINFO_PRETRANSFER_TIME_T, &connected);
    outcome->request_sent = connected > 0 && request_size > 0;
    if (x->answer->failed || code == CURLE_OUT_OF_MEMORY) {
        outcome->class = REST_READ;
        return err_set(err, -ENOMEM, "%s - out of memory", url);
    }
    if (outcome->status == 0)
        return fail_transport(x, code, url, outcome, err);
    if (outcome->status >= 300 || outcome->status < 200) {
        outcome->class = REST_STATUS;
        return err_set(err, -EREMOTEIO, "sending failed: %s: status code %ld%s", url,
                       outcome->status, status_hint(outcome->status));
    }
    if (code != CURLE_OK)
        return fail_read(x, code, url, outcome, err);
    return 0;
}

int rest_call(struct rest *r, const char *method, const char *path, const struct buf *body,
              struct buf *answer, struct rest_outcome *outcome, struct err *err)
{
    struct exchange x = {.rest = r, .body = body, .answer = answer};
    char url[sizeof(r->base) + 64];
    *outcome = (struct rest_outcome){.class = REST_TRANSPORT};
    buf_reset(answer);
    r->curl_error[0] = '\0';
    snprintf(url, sizeof(url), "%s%s", r->base, path);
    struct curl_slist *headers = request_headers(r, body);
    if (!headers || !set_common_options(r, &x) || !set_request(r, method, url, &x, headers)) {
        curl_slist_free_all(headers);
        return err_set(err, -ENOMEM, "%s - the request cannot be set up (out of memory?)", url);
    }
    CURLcode code = curl_easy_perform(r->curl);
    outcome->class = REST_OK;
    int result = judge(&x, code, url, outcome, err);
    curl_easy_setopt(r->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    return result;
}
