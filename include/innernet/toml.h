#pragma once
/* A C face for the TOML 1.0 reader (toml++), the only thing behind it. Documents are flat or one
 * level deep for our purposes: a key is addressed by table ("" = top level) and name. */

#include <stddef.h>
#include <stdint.h>

#include "innernet/err.h"
#include "innernet/util.h"

struct toml_doc;

/* Parses `len` bytes (a BOM is fine). Syntax errors: -EBADMSG, "<source>: line L, column C: reason".
 * NUL bytes and invalid UTF-8 are syntax errors. Caller frees with toml_free. */
int toml_parse(const char *text, size_t len, const char *source, struct toml_doc **ret,
               struct err *err);
void toml_free(struct toml_doc *doc);
static inline void toml_cleanup(struct toml_doc **doc)
{
    toml_free(*doc);
}
#define CLEAN_TOML CLEANUP(toml_cleanup)

/* Borrowed string, valid as long as the document. -ENOENT when the key is missing (text says so and
 * which file), -EBADMSG when it has another type. */
int toml_get_string(const struct toml_doc *doc, const char *table, const char *key,
                    const char **ret, struct err *err);
/* min and max inclusive; out of range: -ERANGE. */
int toml_get_int(const struct toml_doc *doc, const char *table, const char *key, int64_t min,
                 int64_t max, int64_t *ret, struct err *err);
/* Calls `each` for every string entry of a table; a missing table is an empty one (0), an entry of
 * another type is -EBADMSG. A negative return of `each` stops and is returned. */
typedef int (*toml_entry_fn)(void *user, const char *key, const char *value, struct err *err);
int toml_each_string(const struct toml_doc *doc, const char *table, toml_entry_fn each, void *user,
                     struct err *err);
