#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <string.h>

#include "nl.h"

/* MNL_ALIGN is signed. */
static size_t align(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static void end(struct nl_answer *a, int rc)
{
    a->is_ended = true;
    if (a->rc == 0)
        a->rc = rc;
}

/* The code of an error message, or the optional one of a final message. */
static int take_code(const struct nlmsghdr *m, bool is_optional, int *ret)
{
    int code = 0;
    if (mnl_nlmsg_get_payload_len(m) >= sizeof(code))
        memcpy(&code, mnl_nlmsg_get_payload(m), sizeof(code));
    else if (!is_optional)
        return -EBADMSG;
    /* A made-up number must not become a success. */
    *ret = code < -4095 || code > 0 ? -EBADMSG : code;
    return 0;
}

static int take_control(struct nl_answer *a, const struct nlmsghdr *m)
{
    int code = 0;
    switch (m->nlmsg_type) {
    case NLMSG_NOOP:
        return 0;
    case NLMSG_ERROR:
    case NLMSG_DONE:
        if (take_code(m, m->nlmsg_type == NLMSG_DONE, &code) < 0)
            return -EBADMSG;
        end(a, code);
        return 0;
    case NLMSG_OVERRUN:
        end(a, -ENOBUFS);
        return 0;
    default:
        return 0;
    }
}

static int take_message(struct nl_answer *a, const struct nlmsghdr *m)
{
    if (m->nlmsg_seq != a->seq || a->is_ended)
        return 0;
    if (m->nlmsg_flags & NLM_F_DUMP_INTR)
        a->is_interrupted = true;
    if (m->nlmsg_type < NLMSG_MIN_TYPE)
        return take_control(a, m);
    /* After an error the rest of a dump is still read, as the kernel allows no other meanwhile. */
    if (a->rc == 0 && a->sink)
        a->rc = a->sink->message(a->sink->ctx, m);
    return 0;
}

int nl_answer_take(struct nl_answer *a, const void *data, size_t len)
{
    const uint8_t *at = data;
    while (len > 0) {
        const struct nlmsghdr *m = (const void *)at;
        /* Not mnl_nlmsg_ok, which takes a length above INT_MAX for a small one. */
        if (len < sizeof(*m) || m->nlmsg_len < sizeof(*m) || m->nlmsg_len > len)
            return -EBADMSG;
        int rc = take_message(a, m);
        if (rc < 0)
            return rc;
        size_t step = align(m->nlmsg_len) < len ? align(m->nlmsg_len) : len;
        at += step;
        len -= step;
    }
    return 0;
}

struct nl_attrs nl_attrs_of_message(const struct nlmsghdr *m, size_t head)
{
    size_t len = mnl_nlmsg_get_payload_len(m);
    if (len < head)
        return (struct nl_attrs){.is_bad = true};
    size_t skip = align(head) < len ? align(head) : len;
    return (struct nl_attrs){.at = (const uint8_t *)mnl_nlmsg_get_payload(m) + skip,
                             .left = len - skip};
}

struct nl_attrs nl_attrs_of_nest(const struct nlattr *nest)
{
    return (struct nl_attrs){.at = mnl_attr_get_payload(nest),
                             .left = mnl_attr_get_payload_len(nest)};
}

const struct nlattr *nl_attrs_next(struct nl_attrs *attrs)
{
    const struct nlattr *a = (const void *)attrs->at;
    if (attrs->is_bad || attrs->left == 0)
        return NULL;
    if (attrs->left > INT_MAX || !mnl_attr_ok(a, (int)attrs->left)) {
        attrs->is_bad = true;
        return NULL;
    }
    /* The padding of the last one may be missing. */
    size_t step = align((size_t)a->nla_len);
    if (step > attrs->left)
        step = attrs->left;
    attrs->at += step;
    attrs->left -= step;
    return a;
}

bool nl_attr_get(const struct nlattr *a, void *ret, size_t size)
{
    if (mnl_attr_get_payload_len(a) != size)
        return false;
    memcpy(ret, mnl_attr_get_payload(a), size);
    return true;
}

bool nl_attr_get_text(const struct nlattr *a, char *ret, size_t size)
{
    const char *text = mnl_attr_get_payload(a);
    size_t len = strnlen(text, mnl_attr_get_payload_len(a));
    if (len >= size)
        return false;
    memcpy(ret, text, len);
    ret[len] = '\0';
    return true;
}

bool nl_attr_get_ip(const struct nlattr *a, struct ip *ret)
{
    uint16_t len = mnl_attr_get_payload_len(a);
    if (len != 4 && len != 16)
        return false;
    *ret = (struct ip){.family = len == 4 ? IP_V4 : IP_V6};
    memcpy(ret->bytes, mnl_attr_get_payload(a), len);
    return true;
}
