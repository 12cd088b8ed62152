#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "innernet/publicip.h"

#define HEADER_LEN 12
#define CLASS_IN 1
#define TYPE_A 1
#define TYPE_AAAA 28
#define FLAG_ANSWER 0x8000
#define FLAG_TRUNCATED 0x0200
#define FLAG_RECURSION_DESIRED 0x0100
#define OPCODE_MASK 0x7800
#define RCODE_MASK 0x000f

/* "whatismyip.on.quad9.net" as DNS labels; the literal's own NUL is the root label. */
static const char query_name[] = "\x0awhatismyip\x02on\x05quad9\x03net";

static uint16_t type_of(enum ip_family family)
{
    return family == IP_V4 ? TYPE_A : TYPE_AAAA;
}

static uint8_t *put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

size_t publicip_build_query(uint16_t id, enum ip_family family, uint8_t *out, size_t out_size)
{
    size_t len = HEADER_LEN + sizeof(query_name) + 4;
    if (out_size < len)
        return 0;
    memset(out, 0, HEADER_LEN);
    uint8_t *at = put_u16(out, id);
    at = put_u16(at, FLAG_RECURSION_DESIRED);
    put_u16(at, 1); /* one question */
    memcpy(out + HEADER_LEN, query_name, sizeof(query_name));
    at = put_u16(out + HEADER_LEN + sizeof(query_name), type_of(family));
    put_u16(at, CLASS_IN);
    return len;
}

/* What is left to read. A read past the end sets `bad` and gives zeros. */
struct reader {
    const uint8_t *at;
    size_t left;
    bool bad;
};

static const uint8_t *take(struct reader *r, size_t len)
{
    static const uint8_t zeros[16];
    if (r->bad || len > r->left) {
        r->bad = true;
        return zeros;
    }
    const uint8_t *at = r->at;
    r->at += len;
    r->left -= len;
    return at;
}

static uint16_t take_u16(struct reader *r)
{
    const uint8_t *at = take(r, 2);
    return (uint16_t)(at[0] << 8 | at[1]);
}

/* Labels up to the root label or a compression pointer, which ends a name. */
static void skip_name(struct reader *r)
{
    while (!r->bad) {
        uint8_t len = *take(r, 1);
        if (len == 0)
            return;
        if ((len & 0xc0) == 0xc0) {
            take(r, 1);
            return;
        }
        if (len & 0xc0)
            r->bad = true;
        take(r, len);
    }
}

struct counts {
    uint16_t questions;
    uint16_t answers;
};

static struct counts take_header(struct reader *r, uint16_t id)
{
    uint16_t got_id = take_u16(r);
    uint16_t flags = take_u16(r);
    struct counts counts = {.questions = take_u16(r), .answers = take_u16(r)};
    take(r, 4); /* authority and additional records are of no interest */
    if (got_id != id || counts.questions > 1 || !(flags & FLAG_ANSWER) ||
        (flags & (OPCODE_MASK | FLAG_TRUNCATED | RCODE_MASK)))
        r->bad = true;
    return counts;
}

/* True when the record at the reader is the wanted address; steps over it in any case. */
static bool take_record(struct reader *r, enum ip_family family, struct ip *ret)
{
    skip_name(r);
    uint16_t type = take_u16(r);
    uint16_t class = take_u16(r);
    take(r, 4); /* time to live */
    uint16_t len = take_u16(r);
    const uint8_t *data = take(r, len);
    if (r->bad || type != type_of(family) || class != CLASS_IN || len != (family == IP_V4 ? 4 : 16))
        return false;
    *ret = (struct ip){.family = (uint8_t)family};
    memcpy(ret->bytes, data, len);
    return true;
}

int publicip_parse_answer(const uint8_t *msg, size_t len, uint16_t id, enum ip_family family,
                          struct ip *ret)
{
    struct reader r = {.at = msg, .left = len};
    struct counts counts = take_header(&r, id);
    if (counts.questions) {
        skip_name(&r);
        take(&r, 4);
    }
    for (unsigned i = 0; i < counts.answers && !r.bad; i++)
        if (take_record(&r, family, ret))
            return 0;
    return -EBADMSG;
}
