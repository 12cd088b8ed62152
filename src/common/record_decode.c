#include "innernet/record.h"

#include <errno.h>
#include <string.h>

#include "innernet/log.h"
#include "record_decode_json.h"
#include "record_decode_read.h"

static int out_of_memory(struct err *err)
{
    return err_set(err, -ENOMEM, "out of memory");
}

static int decode_one(const char *text, size_t len, bool with_id, record_read_fn *read, void *ret,
                      size_t size, struct err *err)
{
    CLEAN_JSON struct json_doc doc;
    union {
        struct peer peer;
        struct cidr cidr;
        struct association association;
    } record = {0};
    int rc = json_doc_load(text, len, &doc, err);
    if (rc == 0)
        rc = read(doc.nodes, with_id, &record, err);
    if (rc == 0)
        memcpy(ret, &record, size);
    return rc;
}

int record_decode_peer_contents(const char *text, size_t len, struct peer *ret, struct err *err)
{
    return decode_one(text, len, false, record_read_peer, ret, sizeof(*ret), err);
}

int record_decode_cidr_contents(const char *text, size_t len, struct cidr *ret, struct err *err)
{
    return decode_one(text, len, false, record_read_cidr, ret, sizeof(*ret), err);
}

int record_decode_association_contents(const char *text, size_t len, struct association *ret,
                                       struct err *err)
{
    return decode_one(text, len, false, record_read_association, ret, sizeof(*ret), err);
}

int record_decode_peer(const char *text, size_t len, struct peer *ret, struct err *err)
{
    return decode_one(text, len, true, record_read_peer, ret, sizeof(*ret), err);
}

int record_decode_cidr(const char *text, size_t len, struct cidr *ret, struct err *err)
{
    return decode_one(text, len, true, record_read_cidr, ret, sizeof(*ret), err);
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
    record_read_fn *read;
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

static const struct list_kind peer_list = {"peers", sizeof(struct peer), record_read_peer,
                                           release_peers};
static const struct list_kind cidr_list = {"cidrs", sizeof(struct cidr), record_read_cidr,
                                           release_cidrs};
static const struct list_kind association_list = {"associations", sizeof(struct association),
                                                  record_read_association, release_associations};

static int read_list(const struct json_node *array, const struct list_kind *kind,
                     const struct skipper *s, void **ret, size_t *ret_n, struct err *err)
{
    int rc = json_want_array(array, kind->name, err);
    if (rc < 0)
        return rc;
    size_t n_array = array->n_items, n = 0;
    char *elements = calloc(n_array ? n_array : 1, kind->size);
    if (!elements)
        return out_of_memory(err);
    struct err cause = ERR_INIT;
    const struct json_node *item = array + 1;
    for (size_t i = 0; i < n_array; i++, item = json_next(item)) {
        rc = kind->read(item, true, elements + n * kind->size, &cause);
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
    CLEAN_JSON struct json_doc doc;
    int rc = json_doc_load(text, len, &doc, err);
    return rc < 0 ? rc : read_list(doc.nodes, kind, s, ret, ret_n, err);
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

enum state_field { STATE_VERSION, STATE_PEERS, STATE_CIDRS, N_STATE_FIELDS };

static const struct json_name state_names[] = {
    [STATE_VERSION] = JSON_NAME("version"),
    [STATE_PEERS] = JSON_NAME("peers"),
    [STATE_CIDRS] = JSON_NAME("cidrs"),
};

static int read_state(const struct json_node **values, const struct skipper *s, struct state *ret,
                      struct err *err)
{
    CLEAN_STATE struct state state = {0};
    void *elements;
    int rc = read_list(values[STATE_PEERS], &peer_list, s, &elements, &state.n_peers, err);
    if (rc < 0)
        return rc;
    state.peers = elements;
    rc = read_list(values[STATE_CIDRS], &cidr_list, s, &elements, &state.n_cidrs, err);
    if (rc < 0)
        return rc;
    state.cidrs = elements;
    *ret = state;
    state = (struct state){0};
    return 0;
}

static int check_version(const struct json_node *version, struct err *err)
{
    if (!version)
        return err_set(err, -EBADMSG, "field \"version\" is missing");
    if (version->type != JSON_TEXT || version->len != 1 || version->text[0] != '1')
        return err_set(err, -EPROTONOSUPPORT,
                       "field \"version\" is not \"1\": the file was written by a newer program, "
                       "use that one or a newer innernet");
    return 0;
}

static int decode_state(const char *text, size_t len, bool is_store, const struct skipper *s,
                        struct state *ret, struct err *err)
{
    CLEAN_JSON struct json_doc doc;
    const struct json_node *values[N_STATE_FIELDS];
    int rc = json_doc_load(text, len, &doc, err);
    if (rc == 0)
        rc = json_want_object(doc.nodes, "the document", err);
    if (rc < 0)
        return rc;
    json_pick(doc.nodes, state_names, N_STATE_FIELDS, values);
    if (is_store)
        rc = check_version(values[STATE_VERSION], err);
    return rc < 0 ? rc : read_state(values, s, ret, err);
}

int record_decode_state(const char *text, size_t len, record_skip_fn skip, void *user,
                        struct state *ret, struct err *err)
{
    return decode_state(text, len, false, &(struct skipper){skip, user}, ret, err);
}

int record_decode_store(const char *text, size_t len, record_skip_fn skip, void *user,
                        struct state *ret, struct err *err)
{
    return decode_state(text, len, true, &(struct skipper){skip, user}, ret, err);
}
