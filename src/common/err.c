#include "innernet/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Replaces control characters and cuts a UTF-8 sequence that did not fit. */
static void tidy(char *text, bool was_cut)
{
    size_t len = strlen(text);
    if (was_cut) {
        while (len > 0 && ((unsigned char)text[len - 1] & 0xc0) == 0x80)
            len--;
        if (len > 0 && (unsigned char)text[len - 1] >= 0xc0)
            len--;
        text[len] = '\0';
    }
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            text[i] = '?';
}

static void format(struct err *err, const char *fmt, va_list args) PRINTF_LIKE(2, 0);

static void format(struct err *err, const char *fmt, va_list args)
{
    char text[ERR_TEXT_MAX];
    int n = vsnprintf(text, sizeof(text), fmt, args);
    tidy(text, n >= (int)sizeof(text));
    memcpy(err->text, text, sizeof(text));
}

static void append(struct err *err, const char *more)
{
    size_t len = strlen(err->text);
    int n = snprintf(err->text + len, sizeof(err->text) - len, "%s", more);
    tidy(err->text, n >= (int)(sizeof(err->text) - len));
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
    if (!err)
        return code;
    va_list args;
    va_start(args, fmt);
    format(err, fmt, args);
    va_end(args);
    err->code = code;
    err->os_errno = 0;
    return code;
}

int err_set_os(struct err *err, int code, const char *fmt, ...)
{
    if (!err)
        return code;
    va_list args;
    va_start(args, fmt);
    format(err, fmt, args);
    va_end(args);
    err->code = code;
    err->os_errno = -code;
    char reason[128];
    char cause[192];
    snprintf(cause, sizeof(cause), " - %s (os error %d)",
             strerror_r(-code, reason, sizeof(reason)), -code);
    append(err, cause);
    return code;
}

int err_prefix(struct err *err, int code, const char *fmt, ...)
{
    if (!err)
        return code;
    char inner[ERR_TEXT_MAX];
    memcpy(inner, err->text, sizeof(inner));
    va_list args;
    va_start(args, fmt);
    format(err, fmt, args);
    va_end(args);
    if (inner[0]) {
        append(err, " - ");
        append(err, inner);
    }
    if (!err->code)
        err->code = code;
    return err->code;
}
