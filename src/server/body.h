#pragma once
/* Answers ready to be sent, shared by count of references. */

#include <stdbool.h>
#include <stddef.h>

#include "innernet/buf.h"

#define BODY_ETAG_MAX 32 /* with quotes and NUL */

enum body_form { BODY_PLAIN, BODY_GZIP, BODY_N_FORMS };

/* Never changes, but for the gzip form, which is made when it is first asked for. */
struct body {
    unsigned n_refs;
    char *data;
    size_t len;
    char *gzip;
    size_t gzip_len;
    /* As the header has them, by the contents of `data`: they outlive the server. Empty in answers
     * of one request's own. */
    char etag[BODY_N_FORMS][BODY_ETAG_MAX];
};

/* Takes the buffer's storage (also on failure). NULL when memory is short or the buffer had failed.
 */
struct body *body_new(struct buf *text);
/* The same with entity tags. */
struct body *body_new_tagged(struct buf *text);
/* Do both have the same contents? Of bodies with tags only. */
bool body_equal(const struct body *a, const struct body *b);
struct body *body_ref(struct body *b);
void body_unref(struct body *b); /* takes NULL */
/* Makes the gzip form unless it is there. 0 or -ENOMEM. */
int body_compress(struct body *b);
