/* One JSON object to one record. */
#include "record_decode_read.h"

#include <errno.h>
#include <string.h>

#include "innernet/record.h"
#include "record_decode_json.h"

static int out_of_memory(struct err *err)
{
    return err_set(err, -ENOMEM, "out of memory");
}

/* Names and keys are checked after everything else: only then is it certain that the record is
 * well-shaped, and a list may leave it out and go on. */
static int check_name(const struct json_node *text, int (*check)(const char *, struct err *),
                      char **ret, struct err *err)
{
    if (memchr(text->text, '\0', text->len))
        return err_set(err, -EINVAL, "field \"name\" has a NUL character");
    if (check(text->text, err) < 0) {
        err_prefix(err, -EINVAL, "field \"name\"");
        return -EINVAL;
    }
    *ret = strdup(text->text);
    return *ret ? 0 : out_of_memory(err);
}

/* In the order in which they are written (spec/server.md 2.7), which is cheapest to read. */
enum peer_field {
    PEER_ID,
    PEER_NAME,
    PEER_IP,
    PEER_CIDR_ID,
    PEER_PUBLIC_KEY,
    PEER_ENDPOINT,
    PEER_KEEPALIVE,
    PEER_IS_ADMIN,
    PEER_IS_DISABLED,
    PEER_IS_REDEEMED,
    PEER_INVITE_EXPIRES,
    PEER_CANDIDATES,
    N_PEER_FIELDS
};

static const struct json_name peer_names[] = {
    [PEER_ID] = JSON_NAME("id"),
    [PEER_NAME] = JSON_NAME("name"),
    [PEER_IP] = JSON_NAME("ip"),
    [PEER_CIDR_ID] = JSON_NAME("cidr_id"),
    [PEER_PUBLIC_KEY] = JSON_NAME("public_key"),
    [PEER_ENDPOINT] = JSON_NAME("endpoint"),
    [PEER_KEEPALIVE] = JSON_NAME("persistent_keepalive_interval"),
    [PEER_IS_ADMIN] = JSON_NAME("is_admin"),
    [PEER_IS_DISABLED] = JSON_NAME("is_disabled"),
    [PEER_IS_REDEEMED] = JSON_NAME("is_redeemed"),
    [PEER_INVITE_EXPIRES] = JSON_NAME("invite_expires"),
    [PEER_CANDIDATES] = JSON_NAME("candidates"),
};

static int read_candidates(const struct json_node *value, struct peer *p, struct err *err)
{
    if (!value)
        return 0;
    int rc = json_read_endpoints(value, "candidates", CANDIDATES_DECODE_MAX, &p->candidates,
                                 &p->n_candidates, err);
    return rc == -E2BIG ? -EINVAL : rc;
}

static int read_peer_flags(const struct json_node **v, struct peer *p, struct err *err)
{
    int rc = json_read_bool(v[PEER_IS_ADMIN], "is_admin", &p->is_admin, err);
    if (rc == 0)
        rc = json_read_bool(v[PEER_IS_DISABLED], "is_disabled", &p->is_disabled, err);
    if (rc == 0)
        rc = json_read_bool(v[PEER_IS_REDEEMED], "is_redeemed", &p->is_redeemed, err);
    return rc;
}

static int read_peer_optionals(const struct json_node **v, struct peer *p, struct err *err)
{
    int64_t keepalive = 0;
    int rc = json_read_optional_i64(v[PEER_KEEPALIVE], "persistent_keepalive_interval", 0,
                                    UINT16_MAX, &p->has_keepalive, &keepalive, err);
    if (rc < 0)
        return rc;
    p->keepalive_s = (uint16_t)keepalive;
    rc = json_read_optional_time(v[PEER_INVITE_EXPIRES], "invite_expires", &p->has_invite_expires,
                                 &p->invite_expires_s, &p->invite_expires_ns, err);
    if (rc == 0)
        rc = json_read_optional_endpoint(v[PEER_ENDPOINT], "endpoint", &p->endpoint, err);
    if (rc == 0)
        rc = read_candidates(v[PEER_CANDIDATES], p, err);
    return rc;
}

static int read_peer_fields(const struct json_node **v, struct peer *p, struct err *err)
{
    int rc = json_read_text(v[PEER_NAME], "name", err);
    if (rc == 0)
        rc = json_read_ip(v[PEER_IP], "ip", &p->ip, err);
    if (rc == 0)
        rc = json_read_i64(v[PEER_CIDR_ID], "cidr_id", &p->cidr_id, err);
    if (rc == 0)
        rc = json_read_text(v[PEER_PUBLIC_KEY], "public_key", err);
    if (rc == 0)
        rc = read_peer_flags(v, p, err);
    if (rc == 0)
        rc = read_peer_optionals(v, p, err);
    if (rc == 0)
        rc = json_check_key(v[PEER_PUBLIC_KEY], &p->public_key, err);
    if (rc == 0)
        rc = check_name(v[PEER_NAME], name_check_hostname, &p->name, err);
    return rc;
}

static int read_id(const struct json_node *value, bool with_id, int64_t *ret, struct err *err)
{
    return with_id ? json_read_i64(value, "id", ret, err) : 0;
}

int record_read_peer(const struct json_node *obj, bool with_id, void *ret, struct err *err)
{
    const struct json_node *values[N_PEER_FIELDS];
    struct peer *p = ret;
    int rc = json_want_object(obj, "a peer", err);
    if (rc < 0)
        return rc;
    json_pick(obj, peer_names, N_PEER_FIELDS, values);
    rc = read_id(values[PEER_ID], with_id, &p->id, err);
    if (rc == 0)
        rc = read_peer_fields(values, p, err);
    if (rc == -EINVAL && with_id)
        err_prefix(err, rc, "peer with id %lld", (long long)p->id);
    if (rc < 0)
        peer_done(p);
    return rc;
}

enum cidr_field { CIDR_ID, CIDR_NAME, CIDR_CIDR, CIDR_PARENT, N_CIDR_FIELDS };

static const struct json_name cidr_names[] = {
    [CIDR_ID] = JSON_NAME("id"),
    [CIDR_NAME] = JSON_NAME("name"),
    [CIDR_CIDR] = JSON_NAME("cidr"),
    [CIDR_PARENT] = JSON_NAME("parent"),
};

static int read_cidr_fields(const struct json_node **v, struct cidr *c, struct err *err)
{
    int rc = json_read_text(v[CIDR_NAME], "name", err);
    if (rc == 0)
        rc = json_read_network(v[CIDR_CIDR], "cidr", &c->net, err);
    if (rc == 0)
        rc = json_read_optional_i64(v[CIDR_PARENT], "parent", INT64_MIN, INT64_MAX, &c->has_parent,
                                    &c->parent, err);
    if (rc == 0)
        rc = check_name(v[CIDR_NAME], name_check_cidr, &c->name, err);
    return rc;
}

int record_read_cidr(const struct json_node *obj, bool with_id, void *ret, struct err *err)
{
    const struct json_node *values[N_CIDR_FIELDS];
    struct cidr *c = ret;
    int rc = json_want_object(obj, "a CIDR", err);
    if (rc < 0)
        return rc;
    json_pick(obj, cidr_names, N_CIDR_FIELDS, values);
    rc = read_id(values[CIDR_ID], with_id, &c->id, err);
    if (rc == 0)
        rc = read_cidr_fields(values, c, err);
    if (rc == -EINVAL && with_id)
        err_prefix(err, rc, "CIDR with id %lld", (long long)c->id);
    if (rc < 0)
        cidr_done(c);
    return rc;
}

int record_read_association(const struct json_node *obj, bool with_id, void *ret, struct err *err)
{
    static const struct json_name names[] = {JSON_NAME("id"), JSON_NAME("cidr_id_1"),
                                             JSON_NAME("cidr_id_2")};
    const struct json_node *values[ARRAY_SIZE(names)];
    struct association a = {0};
    int rc = json_want_object(obj, "an association", err);
    if (rc < 0)
        return rc;
    json_pick(obj, names, ARRAY_SIZE(names), values);
    rc = read_id(values[0], with_id, &a.id, err);
    if (rc == 0)
        rc = json_read_i64(values[1], "cidr_id_1", &a.cidr_id_1, err);
    if (rc == 0)
        rc = json_read_i64(values[2], "cidr_id_2", &a.cidr_id_2, err);
    if (rc == 0)
        *(struct association *)ret = a;
    return rc;
}
