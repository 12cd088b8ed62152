/* The small bodies of requests and answers, beside the records of record_decode.c. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "innernet/record.h"
#include "record_decode_json.h"

int record_decode_redeem(const char *text, size_t len, struct key *ret, struct err *err)
{
    CLEAN_JSON json_t *doc = NULL;
    const char *key = NULL;
    size_t key_len = 0;
    int rc = json_doc_load(text, len, &doc, err);
    if (rc == 0)
        rc = json_want_object(doc, "the body", err);
    if (rc == 0)
        rc = json_field_text(doc, "public_key", &key, &key_len, err);
    return rc < 0 ? rc : json_check_key(key, key_len, ret, err);
}

/* The option as an object, or as an array of its two fields. */
static bool option_parts(const json_t *doc, const json_t **option, const json_t **content)
{
    if (json_is_array(doc) && json_array_size(doc) == 2) {
        *option = json_array_get(doc, 0);
        *content = json_array_get(doc, 1);
    } else {
        *option = json_object_get(doc, "option");
        *content = json_object_get(doc, "content");
    }
    return json_is_string(*option);
}

int record_decode_endpoint_option(const char *text, size_t len, struct endpoint *ret,
                                  struct err *err)
{
    CLEAN_JSON json_t *doc = NULL;
    const json_t *option, *content;
    int rc = json_doc_load(text, len, &doc, err);
    if (rc < 0)
        return rc;
    if (!option_parts(doc, &option, &content))
        return err_set(err, -EBADMSG, "field \"option\" must be \"Set\" or \"Unset\"");
    if (strcmp(json_string_value(option), "Set") == 0) {
        if (!content)
            return err_set(err, -EBADMSG, "field \"content\" is missing");
        return json_value_endpoint(content, "content", ret, err);
    }
    if (strcmp(json_string_value(option), "Unset") != 0)
        return err_set(err, -EBADMSG, "field \"option\" must be \"Set\" or \"Unset\"");
    if (content && !json_is_null(content))
        return err_set(err, -EBADMSG, "field \"content\" must be null or left out with \"Unset\"");
    *ret = ENDPOINT_INIT;
    return 0;
}

int record_decode_candidates(const char *text, size_t len, struct endpoint **ret, size_t *ret_n,
                             struct err *err)
{
    CLEAN_JSON json_t *doc = NULL;
    int rc = json_doc_load(text, len, &doc, err);
    if (rc < 0)
        return rc;
    return json_value_endpoints(doc, "candidates", CANDIDATES_DECODE_MAX, ret, ret_n, err);
}

int record_decode_capabilities(const char *text, size_t len, bool *ret_unspecified_ip,
                               struct err *err)
{
    static const char *const name = "unspecified_ip_in_override_endpoint";
    CLEAN_JSON json_t *doc = NULL;
    bool value = false;
    int rc = json_doc_load(text, len, &doc, err);
    if (rc == 0)
        rc = json_want_object(doc, "the body", err);
    if (rc == 0 && json_object_get(doc, name))
        rc = json_field_bool(doc, name, &value, err);
    if (rc == 0)
        *ret_unspecified_ip = value;
    return rc;
}

int record_decode_nothing(const char *text, size_t len, struct err *err)
{
    size_t from = 0, to = len;
    while (from < to && strchr(" \t\r\n", text[from]) && text[from])
        from++;
    while (to > from && strchr(" \t\r\n", text[to - 1]) && text[to - 1])
        to--;
    if (from == to || (to - from == 4 && memcmp(text + from, "null", 4) == 0))
        return 0;
    return err_set(err, -EBADMSG, "an empty answer was expected");
}
