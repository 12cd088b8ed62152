#include "gzip.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

/* Records compress well: more effort than this takes long and gains little. */
#define LEVEL 3
#define WINDOW_BITS (15 + 16) /* the most there is, with a header of gzip */
#define MEMORY 8

/* The bound is the worst case; hardly any of it has been touched. */
static char *shrink(char *data, size_t len)
{
    char *smaller = realloc(data, len);
    return smaller ? smaller : data;
}

int gzip_compress(const void *data, size_t len, char **ret, size_t *ret_len)
{
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)data, .avail_in = (uInt)len};
    if (len > UINT_MAX / 2 ||
        deflateInit2(&z, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        return -ENOMEM;
    size_t room = deflateBound(&z, len);
    char *out = malloc(room);
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)room;
    int r = out ? deflate(&z, Z_FINISH) : Z_MEM_ERROR;
    *ret_len = out ? room - z.avail_out : 0;
    deflateEnd(&z);
    if (r != Z_STREAM_END) {
        free(out);
        return -ENOMEM;
    }
    *ret = shrink(out, *ret_len);
    return 0;
}
