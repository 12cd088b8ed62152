#include "field.h"

#include <string.h>
#include <strings.h>

#include "field_text.h"

void field_add(struct field_values *f, const char *value)
{
    if (f->n < FIELD_VALUES_MAX)
        f->values[f->n] = value;
    f->n++;
}

/* --- If-None-Match --- */

/* Length of an opaque-tag with its quotes, 0 when there is none. */
static size_t opaque_tag_len(const char *at)
{
    if (*at != '"')
        return 0;
    for (size_t i = 1;; i++) {
        unsigned char c = (unsigned char)at[i];
        if (c == '"')
            return i + 1;
        if (c <= 0x20 || c == 0x7f)
            return 0;
    }
}

static bool is_star(const char *value)
{
    value = field_skip_blanks(value);
    return *value == '*' && *field_skip_blanks(value + 1) == '\0';
}

/* False when malformed. */
static bool find_etag(const char *at, const char *etag, size_t etag_len, bool *found)
{
    while (field_find_element(&at)) {
        if (at[0] == 'W' && at[1] == '/')
            at += 2;
        size_t len = opaque_tag_len(at);
        if (len == 0)
            return false;
        if (len == etag_len && memcmp(at, etag, len) == 0)
            *found = true;
        at += len;
        if (!field_next_element(&at))
            return false;
    }
    return true;
}

bool field_matches_etag(const struct field_values *if_none_match, const char *etag)
{
    bool found = false;
    size_t etag_len = strlen(etag);
    if (if_none_match->n > FIELD_VALUES_MAX || etag_len == 0)
        return false;
    if (if_none_match->n == 1 && is_star(if_none_match->values[0]))
        return true;
    for (unsigned i = 0; i < if_none_match->n; i++)
        if (!find_etag(if_none_match->values[i], etag, etag_len, &found))
            return false;
    return found;
}

/* --- Accept-Encoding --- */

#define UNSET (-1)

struct codings {
    int gzip; /* thousandths */
    int identity;
    int others;
};

static bool is_word(const char *at, size_t len, const char *word)
{
    return len == strlen(word) && strncasecmp(at, word, len) == 0;
}

/* [ OWS ";" OWS "q=" qvalue ] */
static bool take_weight(const char **at, int *ret)
{
    const char *p = field_skip_blanks(*at);
    *ret = 1000;
    if (*p != ';')
        return true;
    p = field_skip_blanks(p + 1);
    if ((p[0] != 'q' && p[0] != 'Q') || p[1] != '=' || (p[2] != '0' && p[2] != '1'))
        return false;
    int q = (p[2] - '0') * 1000;
    p += 3;
    if (*p == '.')
        p++;
    for (int unit = 100; p[-1] != '=' && unit > 0 && *p >= '0' && *p <= '9'; unit /= 10, p++) {
        if (p[-1] != '.' && unit == 100)
            return false; /* 00 */
        q += (*p - '0') * unit;
    }
    *at = p;
    *ret = q;
    return q <= 1000;
}

static void note_coding(struct codings *c, const char *at, size_t len, int q)
{
    int *which = is_word(at, len, "gzip") || is_word(at, len, "x-gzip") ? &c->gzip
                 : is_word(at, len, "identity")                         ? &c->identity
                 : is_word(at, len, "*")                                ? &c->others
                                                                        : NULL;
    if (which && *which == UNSET)
        *which = q;
}

/* False when malformed. */
static bool read_codings(const char *at, struct codings *ret)
{
    while (field_find_element(&at)) {
        const char *name = at;
        size_t len = field_token_len(at);
        int q;
        at += len;
        if (len == 0 || !take_weight(&at, &q) || !field_next_element(&at))
            return false;
        note_coding(ret, name, len, q);
    }
    return true;
}

bool field_accepts_gzip(const struct field_values *accept_encoding)
{
    struct codings c = {UNSET, UNSET, UNSET};
    if (accept_encoding->n > FIELD_VALUES_MAX)
        return false;
    for (unsigned i = 0; i < accept_encoding->n; i++)
        if (!read_codings(accept_encoding->values[i], &c))
            return false;
    int gzip = c.gzip != UNSET ? c.gzip : c.others;
    return gzip > 0 && gzip >= c.identity;
}

/* --- Prefer --- */

/* [ BWS "=" BWS word ]; an empty quoted word is none (RFC 7240 2). */
static bool take_word(const char **at, const char **ret, size_t *ret_len)
{
    const char *p = field_skip_blanks(*at);
    *ret_len = 0;
    *ret = p;
    if (*p != '=')
        return true;
    p = field_skip_blanks(p + 1);
    size_t quoted = field_quoted_len(p);
    size_t len = quoted ? quoted : field_token_len(p);
    if (len == 0)
        return false;
    *ret = quoted ? p + 1 : p;
    *ret_len = quoted ? len - 2 : len;
    *at = p + len;
    return true;
}

/* *( OWS ";" [ OWS parameter ] ): what they say is of no interest. */
static bool skip_parameters(const char **at)
{
    for (const char *p = field_skip_blanks(*at); *p == ';'; p = field_skip_blanks(*at)) {
        const char *word;
        size_t len;
        p = field_skip_blanks(p + 1);
        size_t name_len = field_token_len(p);
        *at = p + name_len;
        if (name_len > 0 && !take_word(at, &word, &len))
            return false;
    }
    return true;
}

/* Digits alone; anything else is no time. */
static unsigned read_seconds(const char *text, size_t len)
{
    unsigned s = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        s = s * 10 + (unsigned)(text[i] - '0');
        if (s > FIELD_WAIT_MAX_S)
            s = FIELD_WAIT_MAX_S;
    }
    return s;
}

/* False when malformed. */
static bool find_wait(const char *at, bool *found, unsigned *ret_s)
{
    while (field_find_element(&at)) {
        const char *name = at;
        const char *word;
        size_t word_len;
        size_t len = field_token_len(at);
        at += len;
        if (len == 0 || !take_word(&at, &word, &word_len) || !skip_parameters(&at) ||
            !field_next_element(&at))
            return false;
        if (!*found && is_word(name, len, "wait")) {
            *found = true;
            *ret_s = read_seconds(word, word_len);
        }
    }
    return true;
}

unsigned field_wait_s(const struct field_values *prefer)
{
    bool found = false;
    unsigned s = 0;
    if (prefer->n > FIELD_VALUES_MAX)
        return 0;
    for (unsigned i = 0; i < prefer->n; i++)
        if (!find_wait(prefer->values[i], &found, &s))
            return 0;
    return s;
}
