/* The small bodies of requests and answers, beside the records of record_decode.c. */
#include <errno.h>
#include <string.h>

#include "innernet/record.h"
#include "record_decode_json.h"

int record_decode_redeem(const char *text, size_t len, struct key *ret, struct err *err)
{
    static const struct json_name name = JSON_NAME("public_key");
    CLEAN_JSON struct json_doc doc;
    const struct json_node *key;
    int rc = json_doc_load(text, len, &doc, err);
    if (rc == 0)
        rc = json_want_object(doc.nodes, "the body", err);
    if (rc < 0)
        return rc;
    json_pick(doc.nodes, &name, 1, &key);
    rc = json_read_text(key, name.text, err);
    return rc < 0 ? rc : json_check_key(key, ret, err);
}

/* The option as an object, or as an array of its two fields. */
static bool option_parts(const struct json_node *root, const struct json_node *parts[static 2])
{
    static const struct json_name names[] = {JSON_NAME("option"), JSON_NAME("content")};
    if (root->type == JSON_OBJECT) {
        json_pick(root, names, 2, parts);
    } else {
        if (root->n_items != 2)
            return false;
        parts[0] = root + 1;
        parts[1] = json_next(parts[0]);
    }
    return parts[0] && parts[0]->type == JSON_TEXT;
}

int record_decode_endpoint_option(const char *text, size_t len, struct endpoint *ret,
                                  struct err *err)
{
    CLEAN_JSON struct json_doc doc;
    const struct json_node *parts[2];
    int rc = json_doc_load(text, len, &doc, err);
    if (rc < 0)
        return rc;
    if (!option_parts(doc.nodes, parts))
        return err_set(err, -EBADMSG, "field \"option\" must be \"Set\" or \"Unset\"");
    const struct json_node *option = parts[0], *content = parts[1];
    if (strcmp(option->text, "Set") == 0) {
        if (!content)
            return err_set(err, -EBADMSG, "field \"content\" is missing");
        return json_read_endpoint(content, "content", ret, err);
    }
    if (strcmp(option->text, "Unset") != 0)
        return err_set(err, -EBADMSG, "field \"option\" must be \"Set\" or \"Unset\"");
    if (content && content->type != JSON_NULL)
        return err_set(err, -EBADMSG, "field \"content\" must be null or left out with \"Unset\"");
    *ret = ENDPOINT_INIT;
    return 0;
}

int record_decode_candidates(const char *text, size_t len, struct endpoint **ret, size_t *ret_n,
                             struct err *err)
{
    CLEAN_JSON struct json_doc doc;
    int rc = json_doc_load(text, len, &doc, err);
    if (rc < 0)
        return rc;
    return json_read_endpoints(doc.nodes, "candidates", CANDIDATES_DECODE_MAX, ret, ret_n, err);
}

int record_decode_capabilities(const char *text, size_t len, bool *ret_unspecified_ip,
                               struct err *err)
{
    static const struct json_name name = JSON_NAME("unspecified_ip_in_override_endpoint");
    CLEAN_JSON struct json_doc doc;
    const struct json_node *value;
    bool has_it = false;
    int rc = json_doc_load(text, len, &doc, err);
    if (rc == 0)
        rc = json_want_object(doc.nodes, "the body", err);
    if (rc < 0)
        return rc;
    json_pick(doc.nodes, &name, 1, &value);
    if (value)
        rc = json_read_bool(value, name.text, &has_it, err);
    if (rc == 0)
        *ret_unspecified_ip = has_it;
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
