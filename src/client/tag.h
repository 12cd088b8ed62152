#pragma once
/* The entity tag of the answer that the store holds, in <data-dir>/<interface>.etag beside it. It
 * counts only for the very bytes of the store it was written for, and for one server and address:
 * whoever else rewrites the store makes it void by that. */

#include "innernet/config.h"
#include "innernet/digest.h"
#include "rest.h"

struct tag_scope {
    const char *store_digest; /* of the store's file */
    const struct client_config *config;
};

/* `ret` becomes "" when there is no tag that counts, whatever the reason: then the whole state is
 * fetched, which is always right. */
void tag_load(const char *path, const struct tag_scope *scope, char ret[static REST_TAG_MAX + 1]);
/* Replaces the file atomically, 0600. To be called after the store is on disk. */
int tag_save(const char *path, const struct tag_scope *scope, const char *tag, struct err *err);
