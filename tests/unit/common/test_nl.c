/* Netlink answers taken in from memory, and real exchanges with the kernel about its links. */

#include "message.h"
#include "unit.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "innernet/util.h"
#include "nl.h"
#include "nl_link.h"

#define SEQ 7
#define TYPE 0x30

/* The calls of nl.c end here, so that answers can be made to look different. */
static unsigned n_interrupts; /* datagrams to mark with NLM_F_DUMP_INTR */
static size_t larger_by;      /* added to the size found by peeking */

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
    ssize_t n = syscall(SYS_recvfrom, fd, buf, len, flags, NULL, NULL);
    return n < 0 ? n : n + (ssize_t)larger_by;
}

ssize_t recvfrom(int fd, void *restrict buf, size_t len, int flags, struct sockaddr *restrict from,
                 socklen_t *restrict from_len)
{
    ssize_t n = syscall(SYS_recvfrom, fd, buf, len, flags, from, from_len);
    if (n > 0 && n_interrupts > 0) {
        ((struct nlmsghdr *)buf)->nlmsg_flags |= NLM_F_DUMP_INTR;
        n_interrupts--;
    }
    return n;
}

struct datagram {
    _Alignas(struct nlmsghdr) char bytes[512];
    size_t len;
};

static struct nlmsghdr *append(struct datagram *d, uint16_t type, uint32_t seq, const void *data,
                               size_t len)
{
    struct nlmsghdr *h = mnl_nlmsg_put_header(d->bytes + d->len);
    h->nlmsg_type = type;
    h->nlmsg_seq = seq;
    if (len)
        memcpy(mnl_nlmsg_put_extra_header(h, len), data, len);
    d->len += h->nlmsg_len;
    return h;
}

static void append_code(struct datagram *d, uint16_t type, uint32_t seq, int code)
{
    struct nlmsgerr e = {.error = code};
    append(d, type, seq, &e, type == NLMSG_ERROR ? sizeof(e) : sizeof(code));
}

static unsigned n_taken;
static int refuse_with;

static int take(void *ctx, const struct nlmsghdr *m)
{
    (void)ctx;
    assert_int_equal(m->nlmsg_type, TYPE);
    n_taken++;
    return refuse_with;
}

static struct nl_answer answer(void)
{
    static const struct nl_sink sink = {.message = take};
    n_taken = 0;
    refuse_with = 0;
    return (struct nl_answer){.seq = SEQ, .sink = &sink};
}

static void gives_messages_up_to_the_end(void **state)
{
    (void)state;
    struct datagram d = {.len = 0};
    append(&d, TYPE, SEQ, "abcd", 4);
    append(&d, NLMSG_NOOP, SEQ, NULL, 0);
    append(&d, TYPE, SEQ, NULL, 0);
    struct nl_answer a = answer();
    assert_int_equal(nl_answer_take(&a, d.bytes, d.len), 0);
    assert_int_equal(n_taken, 2);
    assert_false(a.is_ended);

    d.len = 0;
    append_code(&d, NLMSG_DONE, SEQ, 0);
    append(&d, TYPE, SEQ, NULL, 0);
    assert_int_equal(nl_answer_take(&a, d.bytes, d.len), 0);
    assert_true(a.is_ended);
    assert_int_equal(a.rc, 0);
    assert_int_equal(n_taken, 2);
}

static void knows_an_acknowledgement_and_an_error(void **state)
{
    (void)state;
    static const struct {
        uint16_t type;
        int code, rc;
    } rows[] = {
        {NLMSG_ERROR, 0, 0}, {NLMSG_ERROR, -EPERM, -EPERM}, {NLMSG_DONE, -ENODEV, -ENODEV},
        {NLMSG_DONE, 0, 0},  {NLMSG_ERROR, 5, -EBADMSG},    {NLMSG_ERROR, -70000, -EBADMSG}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct datagram d = {.len = 0};
        struct nl_answer a = answer();
        append_code(&d, rows[i].type, SEQ, rows[i].code);
        assert_int_equal(nl_answer_take(&a, d.bytes, d.len), 0);
        assert_true(a.is_ended);
        assert_int_equal(a.rc, rows[i].rc);
    }
    struct datagram d = {.len = 0};
    struct nl_answer a = answer();
    append(&d, NLMSG_DONE, SEQ, NULL, 0); /* the code is optional here */
    assert_int_equal(nl_answer_take(&a, d.bytes, d.len), 0);
    assert_true(a.is_ended);
    assert_int_equal(a.rc, 0);

    d.len = 0;
    a = answer();
    append(&d, NLMSG_OVERRUN, SEQ, NULL, 0);
    assert_int_equal(nl_answer_take(&a, d.bytes, d.len), 0);
    assert_int_equal(a.rc, -ENOBUFS);
}

static void leaves_out_other_sequence_numbers(void **state)
{
    (void)state;
    struct datagram d = {.len = 0};
    struct nl_answer a = answer();
    append(&d, TYPE, SEQ - 1, NULL, 0);
    append_code(&d, NLMSG_ERROR, SEQ - 1, -EPERM);
    append_code(&d, NLMSG_DONE, SEQ + 1, 0);
    append(&d, TYPE, SEQ, NULL, 0);
    assert_int_equal(nl_answer_take(&a, d.bytes, d.len), 0);
    assert_int_equal(n_taken, 1);
    assert_false(a.is_ended);
}

static void keeps_the_first_error_and_reads_to_the_end(void **state)
{
    (void)state;
    struct datagram d = {.len = 0};
    struct nl_answer a = answer();
    refuse_with = -ENOMEM;
    append(&d, TYPE, SEQ, NULL, 0);
    append(&d, TYPE, SEQ, NULL, 0);
    assert_int_equal(nl_answer_take(&a, d.bytes, d.len), 0);
    assert_false(a.is_ended);
    assert_int_equal(n_taken, 1);
    d.len = 0;
    append_code(&d, NLMSG_DONE, SEQ, -EIO);
    assert_int_equal(nl_answer_take(&a, d.bytes, d.len), 0);
    assert_true(a.is_ended);
    assert_int_equal(a.rc, -ENOMEM);
}

static void sees_interrupted_dumps(void **state)
{
    (void)state;
    struct datagram d = {.len = 0};
    struct nl_answer a = answer();
    append(&d, TYPE, SEQ - 1, NULL, 0)->nlmsg_flags = NLM_F_DUMP_INTR;
    assert_int_equal(nl_answer_take(&a, d.bytes, d.len), 0);
    assert_false(a.is_interrupted);
    d.len = 0;
    append(&d, NLMSG_DONE, SEQ, NULL, 0)->nlmsg_flags = NLM_F_DUMP_INTR;
    assert_int_equal(nl_answer_take(&a, d.bytes, d.len), 0);
    assert_true(a.is_interrupted);
}

static void refuses_lengths_that_lie(void **state)
{
    (void)state;
    struct datagram d = {.len = 0};
    append(&d, TYPE, SEQ, "abcdefgh", 8);
    append(&d, TYPE, SEQ, NULL, 0);
    struct nlmsghdr *first = (void *)d.bytes;
    static const uint32_t lengths[] = {0, 15, 100, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        struct nl_answer a = answer();
        first->nlmsg_len = lengths[i];
        assert_int_equal(nl_answer_take(&a, d.bytes, d.len), -EBADMSG);
        assert_int_equal(n_taken, 0);
    }
    first->nlmsg_len = 24;
    for (size_t len = 1; len < d.len; len++) {
        struct nl_answer a = answer();
        assert_int_equal(nl_answer_take(&a, d.bytes, len), len == 24 ? 0 : -EBADMSG);
    }
    struct nl_answer a = answer();
    d.len = 0;
    append(&d, NLMSG_ERROR, SEQ, "ab", 2)->nlmsg_len = 18;
    assert_int_equal(nl_answer_take(&a, d.bytes, 18), -EBADMSG);
}

/* The types of the attributes in `data`, or "bad" at the end. */
static void walk(const uint8_t *data, size_t len, char out[static 64])
{
    uint8_t *tight = malloc(len ? len : 1);
    assert_non_null(tight);
    memcpy(tight, data, len);
    struct nl_attrs attrs = {.at = tight, .left = len};
    const struct nlattr *a;
    out[0] = '\0';
    while ((a = nl_attrs_next(&attrs)))
        snprintf(out + strlen(out), 64 - strlen(out), "%u(%u) ", mnl_attr_get_type(a),
                 mnl_attr_get_payload_len(a));
    if (attrs.is_bad)
        strcat(out, "bad");
    free(tight);
}

static void walks_attributes(void **state)
{
    (void)state;
    static const struct {
        const char *hex, *found;
    } rows[] = {
        {"", ""},
        {"0400 0100", "1(0) "},
        {"0500 0100 aa000000 0800 0280 01020304", "1(1) 2(4) "},
        {"0500 0100 aa", "1(1) "}, /* the last one without its padding */
        {"0000 0100", "bad"},
        {"0300 0100", "bad"},
        {"0500 0100", "bad"},
        {"0400 01", "bad"},
        {"0400 0100 0900 0200 01020304", "1(0) bad"},
        {"0400 0100 ffff 0200", "1(0) bad"},
        {"0400 0100 00", "1(0) bad"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        _Alignas(4) uint8_t data[64];
        char found[64];
        walk(data, message_from_hex(rows[i].hex, data, sizeof(data)), found);
        assert_string_equal(found, rows[i].found);
    }
    /* A message too short for the header its attributes follow. */
    struct message m;
    const struct nlmsghdr *h = message_begin(&m, TYPE, "abcd", 4);
    assert_false(nl_attrs_of_message(h, 4).is_bad);
    assert_true(nl_attrs_of_message(h, 5).is_bad);
}

static void reads_values_of_the_right_size_only(void **state)
{
    (void)state;
    struct message m;
    struct nlmsghdr *h = message_begin(&m, TYPE, "", 0);
    mnl_attr_put_u32(h, 1, 0x01020304);
    const struct nlattr *a = mnl_nlmsg_get_payload(h);
    uint32_t number = 0;
    uint64_t large = 9;
    struct ip ip;
    assert_true(nl_attr_get(a, &number, sizeof(number)));
    assert_int_equal(number, 0x01020304);
    assert_false(nl_attr_get(a, &large, sizeof(large)));
    assert_int_equal(large, 9);
    assert_true(nl_attr_get_ip(a, &ip));
    assert_int_equal(ip.family, IP_V4);

    h = message_begin(&m, TYPE, "", 0);
    mnl_attr_put(h, 1, 5, "abcd");
    char text[5];
    assert_true(nl_attr_get_text(a, text, 5));
    assert_string_equal(text, "abcd");
    assert_false(nl_attr_get_text(a, text, 4));
    assert_false(nl_attr_get_ip(a, &ip));
}

static int take_link(void *ctx, const struct nlmsghdr *m)
{
    struct nl_link *link = ctx;
    n_taken++;
    if (link->index != 0) /* keep the loopback, which comes first */
        return 0;
    return nl_link_parse(m, link);
}

static unsigned n_restarts;

static void restart(void *ctx)
{
    *(struct nl_link *)ctx = (struct nl_link){0};
    n_restarts++;
}

static void talks_to_the_kernel(void **state)
{
    (void)state;
    _Alignas(struct nlmsghdr) char buf[NL_LINK_MAX];
    struct nl_link link = {0};
    struct nl_sink sink = {.message = take_link, .restart = restart, .ctx = &link};
    CLEAN_NL struct nl *nl = NULL;
    assert_int_equal(nl_open(NETLINK_ROUTE, &nl), 0);
    assert_int_equal(nl_exchange(nl, nl_link_build_get(buf, "lo"), &sink), 0);
    assert_string_equal(link.name, "lo");
    assert_int_equal(link.index, 1);
    assert_true(link.flags & IFF_LOOPBACK);
    assert_string_equal(link.kind, "");
    /* The same socket goes on after an error. */
    assert_int_equal(nl_exchange(nl, nl_link_build_get(buf, "no-such-link"), &sink), -ENODEV);
    link = (struct nl_link){0};
    assert_int_equal(nl_exchange(nl, nl_link_build_dump(buf), &sink), 0);
    assert_string_equal(link.name, "lo");
}

static void repeats_an_interrupted_dump(void **state)
{
    (void)state;
    _Alignas(struct nlmsghdr) char buf[NL_LINK_MAX];
    struct nl_link link = {0};
    struct nl_sink sink = {.message = take_link, .restart = restart, .ctx = &link};
    CLEAN_NL struct nl *nl = NULL;
    assert_int_equal(nl_open(NETLINK_ROUTE, &nl), 0);
    n_restarts = 0;
    n_interrupts = 1;
    assert_int_equal(nl_exchange(nl, nl_link_build_dump(buf), &sink), 0);
    assert_int_equal(n_restarts, 1);
    assert_string_equal(link.name, "lo");

    n_restarts = 0;
    n_interrupts = UINT32_MAX;
    assert_int_equal(nl_exchange(nl, nl_link_build_dump(buf), &sink), -EAGAIN);
    assert_int_equal(n_restarts, NL_DUMP_TRIES);
    n_interrupts = 0;
    assert_int_equal(nl_exchange(nl, nl_link_build_dump(buf), &sink), 0);
    assert_string_equal(link.name, "lo");
}

static void grows_for_large_datagrams(void **state)
{
    (void)state;
    _Alignas(struct nlmsghdr) char buf[NL_LINK_MAX];
    struct nl_link link = {0};
    struct nl_sink sink = {.message = take_link, .ctx = &link};
    CLEAN_NL struct nl *nl = NULL;
    assert_int_equal(nl_open(NETLINK_ROUTE, &nl), 0);
    larger_by = 500000;
    assert_int_equal(nl_exchange(nl, nl_link_build_get(buf, "lo"), &sink), 0);
    assert_string_equal(link.name, "lo");
    larger_by = 2000000;
    assert_int_equal(nl_exchange(nl, nl_link_build_get(buf, "lo"), &sink), -EMSGSIZE);
    larger_by = 0;
    /* A fresh socket follows, which knows nothing of the answer left behind. */
    link = (struct nl_link){0};
    assert_int_equal(nl_exchange(nl, nl_link_build_get(buf, "lo"), &sink), 0);
    assert_string_equal(link.name, "lo");
}

static int refuse(void *ctx, const struct nlmsghdr *m)
{
    (void)ctx;
    (void)m;
    return -E2BIG;
}

/* The rest of a refused dump must not disturb the next exchange. */
static void takes_an_error_of_the_sink(void **state)
{
    (void)state;
    _Alignas(struct nlmsghdr) char buf[NL_LINK_MAX];
    struct nl_link link = {0};
    struct nl_sink refusing = {.message = refuse};
    struct nl_sink sink = {.message = take_link, .ctx = &link};
    CLEAN_NL struct nl *nl = NULL;
    assert_int_equal(nl_open(NETLINK_ROUTE, &nl), 0);
    assert_int_equal(nl_exchange(nl, nl_link_build_dump(buf), &refusing), -E2BIG);
    assert_int_equal(nl_exchange(nl, nl_link_build_dump(buf), &sink), 0);
    assert_string_equal(link.name, "lo");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_messages_up_to_the_end),
        cmocka_unit_test(knows_an_acknowledgement_and_an_error),
        cmocka_unit_test(leaves_out_other_sequence_numbers),
        cmocka_unit_test(keeps_the_first_error_and_reads_to_the_end),
        cmocka_unit_test(sees_interrupted_dumps),
        cmocka_unit_test(refuses_lengths_that_lie),
        cmocka_unit_test(walks_attributes),
        cmocka_unit_test(reads_values_of_the_right_size_only),
        cmocka_unit_test(talks_to_the_kernel),
        cmocka_unit_test(repeats_an_interrupted_dump),
        cmocka_unit_test(grows_for_large_datagrams),
        cmocka_unit_test(takes_an_error_of_the_sink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
