#include "innernet/timestring.h"

#include <errno.h>
#include <string.h>

/* Whatever is added to a moment before 2101 must stay a signed 64-bit time. */
#define MAX_SECONDS ((uint64_t)INT64_MAX - UINT64_C(4133980800))

#define SHOWN "\"%.40s\""
#define REMEDY "write digits and one of s, m, h, d, w, such as " TIMESTRING_DEFAULT

static uint64_t unit_seconds(char unit)
{
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 60 * 60;
    case 'd':
        return 24 * 60 * 60;
    case 'w':
        return 7 * 24 * 60 * 60;
    default:
        return 0;
    }
}

static int parse_number(const char *text, size_t len, uint64_t *ret)
{
    if (len > 0 && text[0] == '+') {
        text++;
        len--;
    }
    if (len == 0)
        return -EINVAL;
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -EINVAL;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
            return -ERANGE;
    }
    *ret = value;
    return 0;
}

int timestring_parse(const char *text, uint64_t *ret_seconds, struct err *err)
{
    size_t len = strlen(text);
    if (len < 2)
        return err_set(err, -EINVAL, "time " SHOWN " is too short; " REMEDY, text);
    uint64_t unit = unit_seconds(text[len - 1]);
    if (unit == 0)
        return err_set(err, -EINVAL, "time " SHOWN " has no valid unit at its end; " REMEDY, text);
    uint64_t value = 0;
    int r = parse_number(text, len - 1, &value);
    if (r == -EINVAL)
        return err_set(err, -EINVAL, "time " SHOWN " has no valid number; " REMEDY, text);
    if (r < 0 || __builtin_mul_overflow(value, unit, &value) || value > MAX_SECONDS)
        return err_set(err, -EINVAL, "time " SHOWN " is too long; use a shorter one", text);
    *ret_seconds = value;
    return 0;
}
