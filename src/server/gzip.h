#pragma once
/* Compression. zlib is used in gzip.c only. Pure. */

#include <stddef.h>

/* One gzip member (RFC 1952), the same bytes for the same data. The caller frees *ret. 0 or
 * -ENOMEM. */
int gzip_compress(const void *data, size_t len, char **ret, size_t *ret_len);
