#include "innernet/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

/* Replaces control characters and what is not UTF-8. */
static void tidy(char *text)
{
    size_t len = strlen(text);
    for (size_t at = 0; at < len;) {
        uint32_t code = 0;
        size_t n = utf8_sequence(text + at, len - at, &code);
        size_t next = at + (n ? n : 1);
        if (n == 0 || utf8_is_control(code))
            memset(text + at, '?', next - at);
        at = next;
    }
}

/* Drops a UTF-8 sequence that was cut in two at the end of the text. */
static void trim_cut_sequence(char *text)
{
    size_t len = strlen(text);
    size_t at = len;
    while (at > 0 && len - at < 3 && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
        at--;
    if (at > 0 && (unsigned char)text[at - 1] >= 0xc0 &&
        utf8_sequence(text + at - 1, len - at + 1, NULL) == 0)
        text[at - 1] = '\0';
}

static void put(char *text, size_t size, const char *fmt, va_list args) PRINTF_LIKE(3, 0);

static void put(char *text, size_t size, const char *fmt, va_list args)
{
    int n = vsnprintf(text, size, fmt, args);
    if (n < 0)
        text[0] = '\0';
    else if ((size_t)n >= size)
        trim_cut_sequence(text);
}

/* Formats "<context><tail>" into the text. Where both do not fit, the context gives way, down to
 * half of the space. */
static void set_text(struct err *err, const char *tail, const char *fmt, va_list args)
    PRINTF_LIKE(3, 0);

static void set_text(struct err *err, const char *tail, const char *fmt, va_list args)
{
    char text[ERR_TEXT_MAX];
    put(text, sizeof(text) - strnlen(tail, sizeof(text) / 2), fmt, args);
    size_t len = strlen(text);
    if (snprintf(text + len, sizeof(text) - len, "%s", tail) >= (int)(sizeof(text) - len))
        trim_cut_sequence(text);
    tidy(text);
    memcpy(err->text, text, strlen(text) + 1);
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
    if (!err)
        return code;
    va_list args;
    va_start(args, fmt);
    set_text(err, "", fmt, args);
    va_end(args);
    err->code = code;
    err->os_errno = 0;
    return code;
}

int err_set_os(struct err *err, int code, const char *fmt, ...)
{
    if (!err)
        return code;
    char reason[128];
    char cause[192];
    snprintf(cause, sizeof(cause), " - %s (os error %d)", strerror_r(-code, reason, sizeof(reason)),
             -code);
    va_list args;
    va_start(args, fmt);
    set_text(err, cause, fmt, args);
    va_end(args);
    err->code = code;
    err->os_errno = -code;
    return code;
}

int err_prefix(struct err *err, int code, const char *fmt, ...)
{
    if (!err)
        return code;
    char tail[ERR_TEXT_MAX + 4] = "";
    if (err->text[0])
        snprintf(tail, sizeof(tail), " - %s", err->text);
    va_list args;
    va_start(args, fmt);
    set_text(err, tail, fmt, args);
    va_end(args);
    if (!err->code)
        err->code = code;
    return err->code;
}
