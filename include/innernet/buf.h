#pragma once
/* A growing byte buffer with a sticky failure flag: appends after an allocation failure do nothing,
 * so a writer checks once at the end. The content is always followed by a NUL that is not counted
 * in `len` (so `data` is a C string when no NUL was appended); `data` is NULL only before the first
 * append. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "innernet/util.h"

struct buf {
    char *data;
    size_t len;
    size_t cap;
    bool failed; /* an allocation failed; content is incomplete */
    bool secret; /* wiped whenever storage is given back: on growth and at the end */
};

#define BUF_INIT ((struct buf){0})
#define BUF_SECRET_INIT ((struct buf){.secret = true}) /* for contents with keys */
#define CLEAN_BUF CLEANUP(buf_done)

/* Frees the storage and resets to BUF_INIT. Wipes only what was made with BUF_SECRET_INIT. */
void buf_done(struct buf *b);
/* Overwrites the contents with zeros, then buf_done. A buffer that grew has left copies behind
 * unless it was made with BUF_SECRET_INIT. */
void buf_wipe(struct buf *b);
/* Empties, keeps the storage; clears `failed`. */
void buf_reset(struct buf *b);
/* Makes room for `extra` more bytes (plus the NUL). -ENOMEM also sets `failed`. */
int buf_reserve(struct buf *b, size_t extra);
void buf_append(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Decimal without going through printf: for hot writers. */
void buf_put_u64(struct buf *b, uint64_t value);
void buf_put_i64(struct buf *b, int64_t value);
/* Appends text as the inside of a JSON string (without the quotes): \" \\ \b \f \n \r \t, other
 * controls as \u00xx in lower-case hex, everything else raw. Source: spec/server.md 0.8. */
void buf_put_json_escaped(struct buf *b, const char *text);
/* Gives the storage to the caller (never NULL unless failed); resets the buffer. NULL if the
 * buffer had failed, after freeing it. */
char *buf_take(struct buf *b);
