#include "innernet/record.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "innernet/log.h"
#include "record_decode_json.h"

#define DOCUMENT "the document"

static int out_of_memory(struct err *err)
{
    return err_set(err, -ENOMEM, "out of memory");
}

/* Names and keys are checked after everything else: only then is it certain that the record is
 * well-shaped, and a list may leave it out and go on. */
static int check_name(const char *name, size_t len, int (*check)(const char *, struct err *),
                      char **ret, struct err *err)
{
    if (strlen(name) != len)
        return err_set(err, -EINVAL, "field \"name\" has a NUL character");
    if (check(name, err) < 0) {
        err_prefix(err, -EINVAL, "field \"name\"");
        return -EINVAL;
    }
    *ret = strdup(name);
    return *ret ? 0 : out_of_memory(err);
}

static int read_candidates(const json_t *obj, struct peer *p, struct err *err)
{
    const json_t *value = json_object_get(obj, "candidates");
    if (!value)
        return 0;
    int rc = json_value_endpoints(value, "candidates", CANDIDATES_DECODE_MAX, &p->candidates,
                                  &p->n_candidates, err);
    return rc == -E2BIG ? -EINVAL : rc;
}

static int read_peer_flags(const json_t *obj, struct peer *p, struct err *err)
{
    int rc = json_field_bool(obj, "is_admin", &p->is_admin, err);
    if (rc == 0)
        rc = json_field_bool(obj, "is_disabled", &p->is_disabled, err);
    if (rc == 0)
        rc = json_field_bool(obj, "is_redeemed", &p->is_redeemed, err);
    return rc;
}

static int read_peer_optionals(const json_t *obj, struct peer *p, struct err *err)
{
    int64_t keepalive = 0;
    int rc = json_field_optional_i64(obj, "persistent_keepalive_interval", 0, UINT16_MAX,
                                     &p->has_keepalive, &keepalive, err);
    if (rc < 0)
        return rc;
    p->keepalive_s = (uint16_t)keepalive;
    rc = json_field_optional_time(obj, "invite_expires", &p->has_invite_expires,
                                  &p->invite_expires_s, &p->invite_expires_ns, err);
    if (rc == 0)
        rc = json_field_optional_endpoint(obj, "endpoint", &p->endpoint, err);
    if (rc == 0)
        rc = read_candidates(obj, p, err);
    return rc;
}

static int read_peer_fields(const json_t *obj, struct peer *p, struct err *err)
{
    const char *name, *public_key;
    size_t name_len, key_len;
    int rc = json_field_text(obj, "name", &name, &name_len, err);
    if (rc == 0)
        rc = json_field_ip(obj, "ip", &p->ip, err);
    if (rc == 0)
        rc = json_field_i64(obj, "cidr_id", &p->cidr_id, err);
    if (rc == 0)
        rc = json_field_text(obj, "public_key", &public_key, &key_len, err);
    if (rc == 0)
        rc = read_peer_flags(obj, p, err);
    if (rc == 0)
        rc = read_peer_optionals(obj, p, err);
    if (rc == 0)
        rc = json_check_key(public_key, key_len, &p->public_key, err);
    if (rc == 0)
        rc = check_name(name, name_len, name_check_hostname, &p->name, err);
    return rc;
}

/* All read_* functions fill a zeroed element and leave it zeroed on failure. */
typedef int (*read_fn)(const json_t *obj, bool with_id, void *ret, struct err *err);

static int read_id(const json_t *obj, bool with_id, int64_t *ret, struct err *err)
{
    return with_id ? json_field_i64(obj, "id", ret, err) : 0;
}

static int read_peer(const json_t *obj, bool with_id, void *ret, struct err *err)
{
    struct peer p = {0};
    int rc = json_want_object(obj, "a peer", err);
    if (rc == 0)
        rc = read_id(obj, with_id, &p.id, err);
    if (rc == 0)
        rc = read_peer_fields(obj, &p, err);
    if (rc == -EINVAL && with_id)
        err_prefix(err, rc, "peer with id %lld", (long long)p.id);
    if (rc < 0)
        peer_done(&p);
    else
        *(struct peer *)ret = p;
    return rc;
}

static int read_cidr_fields(const json_t *obj, struct cidr *c, struct err *err)
{
    const char *name;
    size_t len;
    int rc = json_field_text(obj, "name", &name, &len, err);
    if (rc == 0)
        rc = json_field_network(obj, "cidr", &c->net, err);
    if (rc == 0)
        rc = json_field_optional_i64(obj, "parent", INT64_MIN, INT64_MAX, &c->has_parent,
                                     &c->parent, err);
    if (rc == 0)
        rc = check_name(name, len, name_check_cidr, &c->name, err);
    return rc;
}

static int read_cidr(const json_t *obj, bool with_id, void *ret, struct err *err)
{
    struct cidr c = {0};
    int rc = json_want_object(obj, "a CIDR", err);
    if (rc == 0)
        rc = read_id(obj, with_id, &c.id, err);
    if (rc == 0)
        rc = read_cidr_fields(obj, &c, err);
    if (rc == -EINVAL && with_id)
        err_prefix(err, rc, "CIDR with id %lld", (long long)c.id);
    if (rc < 0)
        cidr_done(&c);
    else
        *(struct cidr *)ret = c;
    return rc;
}

static int read_association(const json_t *obj, bool with_id, void *ret, struct err *err)
{
    struct association a = {0};
    int rc = json_want_object(obj, "an association", err);
    if (rc == 0)
        rc = read_id(obj, with_id, &a.id, err);
    if (rc == 0)
        rc = json_field_i64(obj, "cidr_id_1", &a.cidr_id_1, err);
    if (rc == 0)
        rc = json_field_i64(obj, "cidr_id_2", &a.cidr_id_2, err);
    if (rc == 0)
        *(struct association *)ret = a;
    return rc;
}

static int decode_one(const char *text, size_t len, bool with_id, read_fn read, void *ret,
                      struct err *err)
{
    CLEAN_JSON json_t *doc = NULL;
    int rc = json_doc_load(text, len, &doc, err);
    return rc < 0 ? rc : read(doc, with_id, ret, err);
}

int record_decode_peer_contents(const char *text, size_t len, struct peer *ret, struct err *err)
{
    return decode_one(text, len, false, read_peer, ret, err);
}

int record_decode_cidr_contents(const char *text, size_t len, struct cidr *ret, struct err *err)
{
    return decode_one(text, len, false, read_cidr, ret, err);
}

int record_decode_association_contents(const char *text, size_t len, struct association *ret,
                                       struct err *err)
{
    return decode_one(text, len, false, read_association, ret, err);
}

int record_decode_peer(const char *text, size_t len, struct peer *ret, struct err *err)
{
    return decode_one(text, len, true, read_peer, ret, err);
}

int record_decode_cidr(const char *text, size_t len, struct cidr *ret, struct err *err)
{
    return decode_one(text, len, true, read_cidr, ret, err);
}

struct skipper {
    record_skip_fn skip; /* NULL: leave out without a word */
    void *user;
};

static void skip_one(const struct skipper *s, const char *reason)
{
    char safe[ERR_TEXT_MAX];
    if (s->skip)
        s->skip(s->user, log_safe(reason, safe, sizeof(safe)));
}

/* What differs between lists of peers, CIDRs and associations. */
struct list_kind {
    const char *name;
    size_t size;
    read_fn read;
    void (*release)(void *elements, size_t n);
};

static void release_peers(void *elements, size_t n)
{
    peers_free(elements, n);
}

static void release_cidrs(void *elements, size_t n)
{
    cidrs_free(elements, n);
}

static void release_associations(void *elements, size_t n)
{
    (void)n;
    free(elements);
}

static const struct list_kind peer_list = {"peers", sizeof(struct peer), read_peer, release_peers};
static const struct list_kind cidr_list = {"cidrs", sizeof(struct cidr), read_cidr, release_cidrs};
static const struct list_kind association_list = {"associations", sizeof(struct association),
                                                  read_association, release_associations};

static int read_list(const json_t *array, const struct list_kind *kind, const struct skipper *s,
                     void **ret, size_t *ret_n, struct err *err)
{
    int rc = json_want_array(array, kind->name, err);
    if (rc < 0)
        return rc;
    size_t n_array = json_array_size(array), n = 0;
    char *elements = calloc(n_array ? n_array : 1, kind->size);
    if (!elements)
        return out_of_memory(err);
    for (size_t i = 0; i < n_array; i++) {
        struct err cause = ERR_INIT;
        rc = kind->read(json_array_get(array, i), true, elements + n * kind->size, &cause);
        if (rc == -EINVAL) {
            skip_one(s, cause.text);
        } else if (rc < 0) {
            kind->release(elements, n);
            return err_set(err, rc, "%s[%zu] - %s", kind->name, i, cause.text);
        } else {
            n++;
        }
    }
    *ret = elements;
    *ret_n = n;
    return 0;
}

static int decode_list(const char *text, size_t len, const struct list_kind *kind,
                       const struct skipper *s, void **ret, size_t *ret_n, struct err *err)
{
    CLEAN_JSON json_t *doc = NULL;
    int rc = json_doc_load(text, len, &doc, err);
    return rc < 0 ? rc : read_list(doc, kind, s, ret, ret_n, err);
}

int record_decode_peers(const char *text, size_t len, record_skip_fn skip, void *user,
                        struct peer **ret, size_t *ret_n, struct err *err)
{
    void *elements;
    int rc =
        decode_list(text, len, &peer_list, &(struct skipper){skip, user}, &elements, ret_n, err);
    if (rc == 0)
        *ret = elements;
    return rc;
}

int record_decode_cidrs(const char *text, size_t len, record_skip_fn skip, void *user,
                        struct cidr **ret, size_t *ret_n, struct err *err)
{
    void *elements;
    int rc =
        decode_list(text, len, &cidr_list, &(struct skipper){skip, user}, &elements, ret_n, err);
    if (rc == 0)
        *ret = elements;
    return rc;
}

int record_decode_associations(const char *text, size_t len, struct association **ret,
                               size_t *ret_n, struct err *err)
{
    void *elements;
    int rc = decode_list(text, len, &association_list, &(struct skipper){0}, &elements, ret_n, err);
    if (rc == 0)
        *ret = elements;
    return rc;
}

static int read_state(const json_t *obj, const struct skipper *s, struct state *ret,
                      struct err *err)
{
    CLEAN_STATE struct state state = {0};
    void *elements;
    int rc =
        read_list(json_object_get(obj, "peers"), &peer_list, s, &elements, &state.n_peers, err);
    if (rc < 0)
        return rc;
    state.peers = elements;
    rc = read_list(json_object_get(obj, "cidrs"), &cidr_list, s, &elements, &state.n_cidrs, err);
    if (rc < 0)
        return rc;
    state.cidrs = elements;
    *ret = state;
    state = (struct state){0};
    return 0;
}

int record_decode_state(const char *text, size_t len, record_skip_fn skip, void *user,
                        struct state *ret, struct err *err)
{
    CLEAN_JSON json_t *doc = NULL;
    int rc = json_doc_load(text, len, &doc, err);
    if (rc == 0)
        rc = json_want_object(doc, DOCUMENT, err);
    return rc < 0 ? rc : read_state(doc, &(struct skipper){skip, user}, ret, err);
}

int record_decode_store(const char *text, size_t len, record_skip_fn skip, void *user,
                        struct state *ret, struct err *err)
{
    CLEAN_JSON json_t *doc = NULL;
    int rc = json_doc_load(text, len, &doc, err);
    if (rc == 0)
        rc = json_want_object(doc, DOCUMENT, err);
    if (rc < 0)
        return rc;
    const json_t *version = json_object_get(doc, "version");
    if (!version)
        return err_set(err, -EBADMSG, "field \"version\" is missing");
    if (!json_is_string(version) || json_string_length(version) != 1 ||
        json_string_value(version)[0] != '1')
        return err_set(err, -EPROTONOSUPPORT,
                       "field \"version\" is not \"1\": the file was written by a newer program, "
                       "use that one or a newer innernet");
    return read_state(doc, &(struct skipper){skip, user}, ret, err);
}
