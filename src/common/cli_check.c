#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "innernet/addr.h"
#include "innernet/cli.h"
#include "innernet/log.h"
#include "innernet/name.h"
#include "innernet/timestring.h"

int cli_check_hostname(const char *text, struct err *err)
{
    return name_check_hostname(text, err);
}

int cli_check_interface(const char *text, struct err *err)
{
    return name_check_interface(text, err);
}

int cli_check_ip(const char *text, struct err *err)
{
    struct ip ip;
    if (ip_parse(text, &ip) < 0)
        return err_set(err, -EINVAL, "not an IPv4 or IPv6 address");
    return 0;
}

int cli_check_network(const char *text, struct err *err)
{
    struct network network;
    return network_parse(text, &network, err);
}

int cli_check_endpoint(const char *text, struct err *err)
{
    CLEAN_ENDPOINT struct endpoint endpoint = ENDPOINT_INIT;
    return endpoint_parse(text, &endpoint, err);
}

int cli_check_timestring(const char *text, struct err *err)
{
    uint64_t seconds;
    return timestring_parse(text, &seconds, err);
}

/* -EINVAL: not a number; -ERANGE: does not fit 64 bits. */
static int parse_u64(const char *text, uint64_t *ret)
{
    const char *digits = text[0] == '+' ? text + 1 : text;
    uint64_t value = 0;
    if (!digits[0] || digits[strspn(digits, "0123456789")])
        return -EINVAL;
    for (const char *c = digits; *c; c++)
        if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*c - '0'), &value))
            return -ERANGE;
    *ret = value;
    return 0;
}

static int check_number(const char *text, uint64_t max, struct err *err)
{
    uint64_t value;
    int r = parse_u64(text, &value);
    if (r == -EINVAL)
        return err_set(err, -EINVAL, "not a whole number (decimal digits only)");
    if (r < 0 || value > max)
        return err_set(err, -EINVAL, "too large, the most is %llu", (unsigned long long)max);
    return 0;
}

int cli_check_u16(const char *text, struct err *err)
{
    return check_number(text, UINT16_MAX, err);
}

int cli_check_u32(const char *text, struct err *err)
{
    return check_number(text, UINT32_MAX, err);
}

int cli_check_u64(const char *text, struct err *err)
{
    return check_number(text, UINT64_MAX, err);
}

uint64_t cli_u64(const char *text)
{
    uint64_t value;
    if (parse_u64(text, &value) < 0) {
        log_error("an unchecked number reached the program");
        abort();
    }
    return value;
}
