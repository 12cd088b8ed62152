#include "record_decode_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/record.h"

int json_want_object(const struct json_node *value, const char *what, struct err *err)
{
    if (!value || value->type != JSON_OBJECT)
        return err_set(err, -EBADMSG, "%s must be a JSON object", what);
    return 0;
}

int json_want_array(const struct json_node *value, const char *what, struct err *err)
{
    if (!value || value->type != JSON_ARRAY)
        return err_set(err, -EBADMSG, "%s must be a JSON array", what);
    return 0;
}

static bool has_name(const struct json_node *member, const struct json_name *name)
{
    return member->len == name->len && memcmp(member->text, name->text, name->len) == 0;
}

void json_pick(const struct json_node *object, const struct json_name *names, size_t n,
               const struct json_node **values)
{
    const struct json_node *member = object + 1;
    size_t at = 0; /* the name that is expected next */
    memset(values, 0, n * sizeof(*values));
    for (size_t i = 0; i < object->n_items; i++) {
        for (size_t tries = 0; tries < n; tries++) {
            bool found = has_name(member, &names[at]);
            if (found)
                values[at] = member + 1;
            at = at + 1 < n ? at + 1 : 0;
            if (found)
                break;
        }
        member = json_next(member + 1);
    }
}

static int missing(const char *name, struct err *err)
{
    return err_set(err, -EBADMSG, "field \"%s\" is missing", name);
}

static int wrong_type(const char *name, const char *wanted, struct err *err)
{
    return err_set(err, -EBADMSG, "field \"%s\" must be %s", name, wanted);
}

int json_read_i64(const struct json_node *value, const char *name, int64_t *ret, struct err *err)
{
    if (!value)
        return missing(name, err);
    if (value->type != JSON_INTEGER)
        return wrong_type(name, "an integer", err);
    *ret = value->number;
    return 0;
}

int json_read_bool(const struct json_node *value, const char *name, bool *ret, struct err *err)
{
    if (!value)
        return missing(name, err);
    if (value->type != JSON_TRUE && value->type != JSON_FALSE)
        return wrong_type(name, "true or false", err);
    *ret = value->type == JSON_TRUE;
    return 0;
}

int json_read_text(const struct json_node *value, const char *name, struct err *err)
{
    if (!value)
        return missing(name, err);
    return value->type == JSON_TEXT ? 0 : wrong_type(name, "a string", err);
}

static bool has_nul(const struct json_node *text)
{
    return memchr(text->text, '\0', text->len) != NULL;
}

/* A text that is about to be parsed as something else: a NUL would hide its end. */
static int want_text(const struct json_node *value, const char *name, struct err *err)
{
    int rc = json_read_text(value, name, err);
    if (rc == 0 && has_nul(value))
        return err_set(err, -EBADMSG, "field \"%s\" has a NUL character", name);
    return rc;
}

int json_check_key(const struct json_node *text, struct key *ret, struct err *err)
{
    if (has_nul(text) || key_parse(text->text, ret) < 0)
        return err_set(err, -EINVAL,
                       "field \"public_key\" is not a key: 44 characters of base64 are needed");
    return 0;
}

int json_read_ip(const struct json_node *value, const char *name, struct ip *ret, struct err *err)
{
    int rc = want_text(value, name, err);
    if (rc < 0)
        return rc;
    if (ip_parse(value->text, ret) < 0)
        return err_set(err, -EBADMSG, "field \"%s\" is not an IP address", name);
    return 0;
}

int json_read_network(const struct json_node *value, const char *name, struct network *ret,
                      struct err *err)
{
    int rc = want_text(value, name, err);
    if (rc < 0)
        return rc;
    if (network_parse(value->text, ret, NULL) < 0)
        return err_set(err, -EBADMSG, "field \"%s\" is not a network like 10.0.0.0/8", name);
    return 0;
}

static bool is_absent(const struct json_node *value)
{
    return !value || value->type == JSON_NULL;
}

int json_read_optional_i64(const struct json_node *value, const char *name, int64_t min,
                           int64_t max, bool *ret_has, int64_t *ret, struct err *err)
{
    if (is_absent(value)) {
        *ret_has = false;
        return 0;
    }
    if (value->type != JSON_INTEGER)
        return wrong_type(name, "an integer or null", err);
    if (value->number < min || value->number > max)
        return err_set(err, -EBADMSG, "field \"%s\" must be from %lld to %lld", name,
                       (long long)min, (long long)max);
    *ret_has = true;
    *ret = value->number;
    return 0;
}

/* Either {"secs_since_epoch":s,"nanos_since_epoch":n} and nothing else, or [s,n]. */
static bool time_parts(const struct json_node *value, int64_t *ret_s, int64_t *ret_ns)
{
    static const struct json_name names[] = {JSON_NAME("secs_since_epoch"),
                                             JSON_NAME("nanos_since_epoch")};
    const struct json_node *parts[2];
    if (value->type < JSON_ARRAY || value->n_items != 2)
        return false;
    if (value->type == JSON_OBJECT) {
        json_pick(value, names, 2, parts);
    } else {
        parts[0] = value + 1;
        parts[1] = json_next(parts[0]);
    }
    if (!parts[0] || !parts[1] || parts[0]->type != JSON_INTEGER || parts[1]->type != JSON_INTEGER)
        return false;
    *ret_s = parts[0]->number;
    *ret_ns = parts[1]->number;
    return true;
}

int json_read_optional_time(const struct json_node *value, const char *name, bool *ret_has,
                            int64_t *ret_s, uint32_t *ret_ns, struct err *err)
{
    int64_t s, ns;
    if (is_absent(value)) {
        *ret_has = false;
        return 0;
    }
    if (!time_parts(value, &s, &ns))
        return wrong_type(name, "null or an object of secs_since_epoch and nanos_since_epoch alone",
                          err);
    if (s < 0 || ns < 0 || ns > UINT32_MAX || __builtin_add_overflow(s, ns / 1000000000, &s))
        return err_set(err, -EBADMSG, "field \"%s\" is out of range", name);
    *ret_has = true;
    *ret_s = s;
    *ret_ns = (uint32_t)(ns % 1000000000);
    return 0;
}

int json_read_endpoint(const struct json_node *value, const char *name, struct endpoint *ret,
                       struct err *err)
{
    if (!value || value->type != JSON_TEXT)
        return wrong_type(name, "an endpoint like \"host:port\"", err);
    if (has_nul(value))
        return err_set(err, -EBADMSG, "field \"%s\" has a NUL character", name);
    /* Our own limit: the record is to blame, not the list it stands in. */
    if (value->len > ENDPOINT_TEXT_LIMIT)
        return err_set(err, -EINVAL, "field \"%s\" is longer than %d bytes", name,
                       ENDPOINT_TEXT_LIMIT);
    struct err cause;
    int rc = endpoint_parse(value->text, ret, &cause);
    if (rc == -ENOMEM)
        return err_set(err, rc, "out of memory");
    if (rc < 0)
        return err_set(err, -EBADMSG, "field \"%s\" - %s", name, cause.text);
    return 0;
}

int json_read_optional_endpoint(const struct json_node *value, const char *name,
                                struct endpoint *ret, struct err *err)
{
    if (is_absent(value)) {
        *ret = ENDPOINT_INIT;
        return 0;
    }
    return json_read_endpoint(value, name, ret, err);
}

int json_read_endpoints(const struct json_node *value, const char *name, size_t max,
                        struct endpoint **ret, size_t *ret_n, struct err *err)
{
    if (!value || value->type != JSON_ARRAY)
        return wrong_type(name, "an array of endpoints like \"host:port\"", err);
    size_t n = value->n_items;
    if (n > max)
        return err_set(err, -E2BIG, "field \"%s\" has %zu endpoints, at most %zu are accepted",
                       name, n, max);
    struct endpoint *eps = n ? calloc(n, sizeof(*eps)) : NULL;
    if (n && !eps)
        return err_set(err, -ENOMEM, "out of memory");
    const struct json_node *item = value + 1;
    for (size_t i = 0; i < n; i++, item = json_next(item)) {
        int rc = json_read_endpoint(item, name, &eps[i], err);
        if (rc < 0) {
            endpoints_free(eps, i);
            return rc;
        }
    }
    *ret = eps;
    *ret_n = n;
    return 0;
}
