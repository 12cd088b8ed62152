#include "record_decode_json.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "innernet/record.h"

#define DEPTH_MAX 128
/* Ten thousand peers need some 30,000 containers and 250,000 values. The parser spends up to 300
 * bytes on a container of two characters, so these bound what a hostile answer can make us
 * allocate. */
#define CONTAINERS_MAX 300000
#define VALUES_MAX 1500000

/* Returns the index behind a string that starts at `at` (its opening quote). */
static size_t skip_string(const char *text, size_t len, size_t at)
{
    for (at++; at < len; at++) {
        if (text[at] == '\\')
            at++;
        else if (text[at] == '"')
            return at + 1;
    }
    return len;
}

/* The parser recurses and allocates per value: refuse beforehand what no real document needs. */
static int check_size(const char *text, size_t len, struct err *err)
{
    size_t depth = 0, containers = 0, values = 1;
    for (size_t at = 0; at < len;) {
        char c = text[at];
        if (c == '"') {
            at = skip_string(text, len, at);
            continue;
        }
        if (c == '[' || c == '{') {
            containers++;
            if (++depth > DEPTH_MAX)
                return err_set(err, -EBADMSG, "JSON is nested deeper than %d levels", DEPTH_MAX);
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        } else if (c == ',') {
            values++;
        }
        at++;
    }
    if (containers > CONTAINERS_MAX || values > VALUES_MAX)
        return err_set(err, -EBADMSG, "JSON has more values than any network needs");
    return 0;
}

/* The parser quotes the text it stumbled over; that is not fit for a terminal. */
static int report_syntax(json_error_t *cause, struct err *err)
{
    char *quote = strstr(cause->text, " near '");
    if (quote)
        *quote = '\0';
    return err_set(err, -EBADMSG, "not valid JSON at line %d, column %d: %s", cause->line,
                   cause->column, cause->text);
}

int json_doc_load(const char *text, size_t len, struct json_t **ret, struct err *err)
{
    json_error_t cause;
    int rc = check_size(text, len, err);
    if (rc < 0)
        return rc;
    /* Stricter than upstream on purpose: a repeated key is refused even when we do not know the
     * key, and so is an integer beyond 64 bits in an unknown field. A NUL inside a string is let
     * through here, so that a list can leave out the one record that has it. */
    json_t *root =
        json_loadb(text ? text : "", len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &cause);
    if (!root) {
        if (json_error_code(&cause) == json_error_out_of_memory)
            return err_set(err, -ENOMEM, "out of memory");
        return report_syntax(&cause, err);
    }
    *ret = root;
    return 0;
}

void json_doc_free(struct json_t **doc)
{
    json_decref(*doc);
    *doc = NULL;
}

int json_want_object(const struct json_t *value, const char *what, struct err *err)
{
    if (!json_is_object(value))
        return err_set(err, -EBADMSG, "%s must be a JSON object", what);
    return 0;
}

int json_want_array(const struct json_t *value, const char *what, struct err *err)
{
    if (!json_is_array(value))
        return err_set(err, -EBADMSG, "%s must be a JSON array", what);
    return 0;
}

static int wrong_type(const char *name, const char *wanted, struct err *err)
{
    return err_set(err, -EBADMSG, "field \"%s\" must be %s", name, wanted);
}

bool json_field_optional(const struct json_t *obj, const char *name, const struct json_t **ret)
{
    const json_t *value = json_object_get(obj, name);
    if (!value || json_is_null(value))
        return false;
    *ret = value;
    return true;
}

static int want_field(const json_t *obj, const char *name, const json_t **ret, struct err *err)
{
    *ret = json_object_get(obj, name);
    if (!*ret)
        return err_set(err, -EBADMSG, "field \"%s\" is missing", name);
    return 0;
}

int json_field_i64(const struct json_t *obj, const char *name, int64_t *ret, struct err *err)
{
    const json_t *value;
    int rc = want_field(obj, name, &value, err);
    if (rc < 0)
        return rc;
    if (!json_is_integer(value))
        return wrong_type(name, "an integer", err);
    *ret = json_integer_value(value);
    return 0;
}

int json_field_bool(const struct json_t *obj, const char *name, bool *ret, struct err *err)
{
    const json_t *value;
    int rc = want_field(obj, name, &value, err);
    if (rc < 0)
        return rc;
    if (!json_is_boolean(value))
        return wrong_type(name, "true or false", err);
    *ret = json_is_true(value);
    return 0;
}

int json_field_text(const struct json_t *obj, const char *name, const char **ret, size_t *ret_len,
                    struct err *err)
{
    const json_t *value;
    int rc = want_field(obj, name, &value, err);
    if (rc < 0)
        return rc;
    if (!json_is_string(value))
        return wrong_type(name, "a string", err);
    *ret = json_string_value(value);
    *ret_len = json_string_length(value);
    return 0;
}

/* A text that is about to be parsed as something else: a NUL would hide its end. */
static int want_text(const json_t *obj, const char *name, const char **ret, struct err *err)
{
    size_t len;
    int rc = json_field_text(obj, name, ret, &len, err);
    if (rc == 0 && strlen(*ret) != len)
        return err_set(err, -EBADMSG, "field \"%s\" has a NUL character", name);
    return rc;
}

int json_check_key(const char *text, size_t len, struct key *ret, struct err *err)
{
    if (strlen(text) != len || key_parse(text, ret) < 0)
        return err_set(err, -EINVAL,
                       "field \"public_key\" is not a key: 44 characters of base64 are needed");
    return 0;
}

int json_field_ip(const struct json_t *obj, const char *name, struct ip *ret, struct err *err)
{
    const char *text;
    int rc = want_text(obj, name, &text, err);
    if (rc < 0)
        return rc;
    if (ip_parse(text, ret) < 0)
        return err_set(err, -EBADMSG, "field \"%s\" is not an IP address", name);
    return 0;
}

int json_field_network(const struct json_t *obj, const char *name, struct network *ret,
                       struct err *err)
{
    const char *text;
    int rc = want_text(obj, name, &text, err);
    if (rc < 0)
        return rc;
    if (network_parse(text, ret, NULL) < 0)
        return err_set(err, -EBADMSG, "field \"%s\" is not a network like 10.0.0.0/8", name);
    return 0;
}

int json_field_optional_i64(const struct json_t *obj, const char *name, int64_t min, int64_t max,
                            bool *ret_has, int64_t *ret, struct err *err)
{
    const json_t *value;
    if (!json_field_optional(obj, name, &value)) {
        *ret_has = false;
        return 0;
    }
    if (!json_is_integer(value))
        return wrong_type(name, "an integer or null", err);
    json_int_t number = json_integer_value(value);
    if (number < min || number > max)
        return err_set(err, -EBADMSG, "field \"%s\" must be from %lld to %lld", name,
                       (long long)min, (long long)max);
    *ret_has = true;
    *ret = number;
    return 0;
}

/* Either {"secs_since_epoch":s,"nanos_since_epoch":n} and nothing else, or [s,n]. */
static bool time_parts(const json_t *value, const json_t **secs, const json_t **nanos)
{
    if (json_is_array(value) && json_array_size(value) == 2) {
        *secs = json_array_get(value, 0);
        *nanos = json_array_get(value, 1);
    } else if (json_is_object(value) && json_object_size(value) == 2) {
        *secs = json_object_get(value, "secs_since_epoch");
        *nanos = json_object_get(value, "nanos_since_epoch");
    } else {
        return false;
    }
    return json_is_integer(*secs) && json_is_integer(*nanos);
}

int json_field_optional_time(const struct json_t *obj, const char *name, bool *ret_has,
                             int64_t *ret_s, uint32_t *ret_ns, struct err *err)
{
    const json_t *value, *secs, *nanos;
    if (!json_field_optional(obj, name, &value)) {
        *ret_has = false;
        return 0;
    }
    if (!time_parts(value, &secs, &nanos))
        return wrong_type(name, "null or an object of secs_since_epoch and nanos_since_epoch alone",
                          err);
    int64_t s = json_integer_value(secs), ns = json_integer_value(nanos);
    if (s < 0 || ns < 0 || ns > UINT32_MAX || __builtin_add_overflow(s, ns / 1000000000, &s))
        return err_set(err, -EBADMSG, "field \"%s\" is out of range", name);
    *ret_has = true;
    *ret_s = s;
    *ret_ns = (uint32_t)(ns % 1000000000);
    return 0;
}

int json_value_endpoint(const struct json_t *value, const char *name, struct endpoint *ret,
                        struct err *err)
{
    if (!json_is_string(value))
        return wrong_type(name, "an endpoint like \"host:port\"", err);
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    if (strlen(text) != len)
        return err_set(err, -EBADMSG, "field \"%s\" has a NUL character", name);
    /* Our own limit: the record is to blame, not the list it stands in. */
    if (len > ENDPOINT_TEXT_LIMIT)
        return err_set(err, -EINVAL, "field \"%s\" is longer than %d bytes", name,
                       ENDPOINT_TEXT_LIMIT);
    struct err cause = ERR_INIT;
    int rc = endpoint_parse(text, ret, &cause);
    if (rc == -ENOMEM)
        return err_set(err, rc, "out of memory");
    if (rc < 0)
        return err_set(err, -EBADMSG, "field \"%s\" - %s", name, cause.text);
    return 0;
}

int json_field_optional_endpoint(const struct json_t *obj, const char *name, struct endpoint *ret,
                                 struct err *err)
{
    const json_t *value;
    if (!json_field_optional(obj, name, &value)) {
        *ret = ENDPOINT_INIT;
        return 0;
    }
    return json_value_endpoint(value, name, ret, err);
}

int json_value_endpoints(const struct json_t *value, const char *name, size_t max,
                         struct endpoint **ret, size_t *ret_n, struct err *err)
{
    if (!json_is_array(value))
        return wrong_type(name, "an array of endpoints like \"host:port\"", err);
    size_t n = json_array_size(value);
    if (n > max)
        return err_set(err, -E2BIG, "field \"%s\" has %zu endpoints, at most %zu are accepted",
                       name, n, max);
    struct endpoint *eps = n ? calloc(n, sizeof(*eps)) : NULL;
    if (n && !eps)
        return err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        int rc = json_value_endpoint(json_array_get(value, i), name, &eps[i], err);
        if (rc < 0) {
            endpoints_free(eps, i);
            return rc;
        }
    }
    *ret = eps;
    *ret_n = n;
    return 0;
}
