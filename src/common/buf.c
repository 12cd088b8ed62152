#include "innernet/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buf_done(struct buf *b)
{
    if (b->secret && b->data)
        explicit_bzero(b->data, b->cap);
    free(b->data);
    *b = BUF_INIT;
}

void buf_wipe(struct buf *b)
{
    b->secret = true;
    buf_done(b);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->data)
        b->data[0] = '\0';
}

static char *grow(struct buf *b, size_t cap)
{
    if (!b->secret)
        return realloc(b->data, cap);
    /* realloc would leave the old storage behind unwiped */
    char *data = malloc(cap);
    if (data && b->data) {
        memcpy(data, b->data, b->len);
        explicit_bzero(b->data, b->cap);
        free(b->data);
    }
    return data;
}

int buf_reserve(struct buf *b, size_t extra)
{
    size_t need;
    if (b->failed)
        return -ENOMEM;
    if (__builtin_add_overflow(b->len, extra, &need) || __builtin_add_overflow(need, 1, &need))
        goto fail;
    if (need <= b->cap)
        return 0;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < need)
        if (__builtin_mul_overflow(cap, 2, &cap))
            goto fail;
    char *data = grow(b, cap);
    if (!data)
        goto fail;
    b->data = data;
    b->cap = cap;
    b->data[b->len] = '\0';
    return 0;
fail:
    b->failed = true;
    return -ENOMEM;
}

/* Most appends find room: they should cost no more than the copy. */
static inline bool make_room(struct buf *b, size_t extra)
{
    return (!b->failed && extra < b->cap - b->len) || buf_reserve(b, extra) == 0;
}

void buf_append(struct buf *b, const void *data, size_t len)
{
    if (!make_room(b, len))
        return;
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *text)
{
    buf_append(b, text, strlen(text));
}

void buf_putc(struct buf *b, char c)
{
    if (!make_room(b, 1))
        return;
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0) {
        b->failed = true;
        return;
    }
    if (buf_reserve(b, (size_t)n) < 0)
        return;
    va_start(args, fmt);
    vsnprintf(b->data + b->len, (size_t)n + 1, fmt, args);
    va_end(args);
    b->len += (size_t)n;
}

void buf_put_u64(struct buf *b, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    buf_append(b, digits + at, sizeof(digits) - at);
}

void buf_put_i64(struct buf *b, int64_t value)
{
    if (value < 0)
        buf_putc(b, '-');
    buf_put_u64(b, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

static const char *json_escape(unsigned char c, char scratch[static 7])
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        snprintf(scratch, 7, "\\u%04x", c);
        return scratch;
    }
}

void buf_put_json_escaped(struct buf *b, const char *text)
{
    const char *plain = text;
    for (const char *at = text; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        char scratch[7];
        buf_append(b, plain, (size_t)(at - plain));
        buf_puts(b, json_escape(c, scratch));
        plain = at + 1;
    }
    buf_puts(b, plain);
}

char *buf_take(struct buf *b)
{
    if (b->failed || buf_reserve(b, 0) < 0) {
        buf_done(b);
        return NULL;
    }
    char *data = b->data;
    *b = BUF_INIT;
    return data;
}
