#pragma once
/* One error convention for the whole program.
 *
 * Functions return 0 or a negative errno. Where a person has to read about it, they also take a
 * nullable `struct err *` and fill in a text which names the thing, what is wrong with it, and what
 * to do. The text is one line without prefix and final newline; context is put in front on the
 * way up ("outer - inner"), so the last reader sees context and cause. */

#include <stddef.h>

#include "innernet/util.h"

#define ERR_TEXT_MAX 1024

struct err {
    int code;     /* negative errno of the latest err_set*, 0 if none */
    int os_errno; /* positive errno of the operating system call at the root, 0 if there was none;
                     the client prints permission hints for EPERM and EACCES from it */
    char text[ERR_TEXT_MAX];
};

#define ERR_INIT ((struct err){0})

/* Sets the text (replacing what was there) and the code, and returns the code so that callers can
 * write `return err_set(err, -EINVAL, "...")`. `err` may be NULL. `code` must be negative. Text
 * that does not fit is cut at a character boundary. Bytes of control characters (C0, DEL, C1) and
 * of what is not UTF-8 are replaced by '?', so that data from a hostile file or server cannot reach
 * the terminal through an error. */
int err_set(struct err *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Like err_set for a failed system call: appends " - <strerror> (os error <n>)" to the formatted
 * context and remembers the errno. A context too long for both is cut, the cause stays whole.
 * `code` is a negative errno. Source: spec/client.md 5.4. */
int err_set_os(struct err *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts "<context> - " in front of the present text; sets code if none was set. Returns the code
 * held by `err` (or `code` when err is NULL). */
int err_prefix(struct err *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
