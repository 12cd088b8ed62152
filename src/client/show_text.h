#pragma once
/* Pieces that the forms of `show` share. */

#include "show_rows.h"

#define SHOW_UNKNOWN_NAME "[unknown]"

/* The key as `show` writes it: its first 10 characters and an ellipsis, or all of it. */
#define SHOW_KEY_MAX 48
const char *show_key(const struct show_input *in, const struct key *key,
                     char out[static SHOW_KEY_MAX]);
const char *show_row_name(const struct show_row *row);
bool show_is_overridden(const struct show_input *in, const struct show_row *row);
/* "| ◉ 10.66.1.1: admin (you, 2IAk2EqXjh…)", indented by 2 * level, with a newline. */
void show_put_row(const struct show_input *in, const struct show_row *row, size_t level,
                  struct buf *out);
/* The line that heads the short form and the tree. */
void show_put_header(const struct show_input *in, struct buf *out);
