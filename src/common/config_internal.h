#pragma once
/* What the readers and writers of the two configuration files share. */

#include <sys/types.h>

#include "innernet/config.h"
#include "innernet/toml.h"

/* Appends `key = "text"\n`, the string in the style of spec/client.md 1.3. */
void config_put_line(struct buf *out, const char *key, const char *text);
void config_put_key_line(struct buf *out, const char *key, const struct key *value);
void config_put_endpoint_line(struct buf *out, const char *key, const struct endpoint *value);
/* The string alone. */
void config_put_string(struct buf *out, const char *text);

/* Readers on top of toml.h: -EINVAL when the text is not of the type. Keys are never shown. */
int config_get_key(const struct toml_doc *doc, const char *source, const char *table,
                   const char *key, struct key *ret, struct err *err);
int config_get_port(const struct toml_doc *doc, const char *table, const char *key, uint16_t *ret,
                    struct err *err);
/* "<source>: `<table>.<key>` is not <wanted>; correct it". */
int config_bad_value(const char *source, const char *table, const char *key, const char *wanted,
                     struct err *err);

/* -ENOENT is a missing file to whoever loads one, so a missing key becomes -EINVAL. Returns the
 * code. */
int config_parse_failed(int rc, struct err *err);

/* Reads a whole configuration file into an empty buffer; the caller wipes it. */
int config_read_file(const char *path, struct buf *out, mode_t *ret_mode, struct err *err);
