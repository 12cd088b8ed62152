#pragma once
/* Characters and words of header fields (RFC 9110 5.6). Pure. */

#include <stdbool.h>
#include <stddef.h>

bool field_is_token_char(char c);
const char *field_skip_blanks(const char *at); /* OWS */
size_t field_token_len(const char *at);
/* Length of a quoted string with its quotes; 0 when there is none or it does not end. */
size_t field_quoted_len(const char *at);
/* To the next element of a list, over blanks and empty ones; false at its end. */
bool field_find_element(const char **at);
/* After an element of a list: over blanks to the comma, which is passed, or to the end; false when
 * something else is there. */
bool field_next_element(const char **at);
