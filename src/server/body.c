#include "body.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gzip.h"
#include "innernet/digest.h"

struct body *body_new(struct buf *text)
{
    struct body *b = calloc(1, sizeof(*b));
    size_t len = text->len;
    char *data = buf_take(text);
    if (!b || !data) {
        free(b);
        free(data);
        return NULL;
    }
    /* A buffer grows by doubling, and these live long. */
    char *smaller = realloc(data, len + 1);
    *b = (struct body){.n_refs = 1, .data = smaller ? smaller : data, .len = len};
    return b;
}

struct body *body_new_tagged(struct buf *text)
{
    char name[DIGEST_TEXT_MAX];
    struct body *b = body_new(text);
    if (!b)
        return NULL;
    digest_text(b->data, b->len, name);
    snprintf(b->etag[BODY_PLAIN], BODY_ETAG_MAX, "\"%s\"", name);
    snprintf(b->etag[BODY_GZIP], BODY_ETAG_MAX, "\"%s-gzip\"", name);
    return b;
}

bool body_equal(const struct body *a, const struct body *b)
{
    return strcmp(a->etag[BODY_PLAIN], b->etag[BODY_PLAIN]) == 0;
}

struct body *body_ref(struct body *b)
{
    b->n_refs++;
    return b;
}

void body_unref(struct body *b)
{
    if (!b || --b->n_refs > 0)
        return;
    free(b->gzip);
    free(b->data);
    free(b);
}

int body_compress(struct body *b)
{
    return b->gzip ? 0 : gzip_compress(b->data, b->len, &b->gzip, &b->gzip_len);
}
