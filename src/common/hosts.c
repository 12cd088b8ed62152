#include "innernet/hosts.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_NAME_MAX_LEN 253
#define LABEL_MAX_LEN 63

char *hosts_name(const char *peer, const char *interface, const char *suffix)
{
    char *name;
    int n;
    if (!suffix)
        n = asprintf(&name, "%s.%s.wg", peer, interface);
    else
        n = asprintf(&name, "%s%s%s", peer, *suffix ? "." : "", suffix);
    return n < 0 ? NULL : name;
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_label(const char *text, size_t len, bool in_suffix)
{
    if (len == 0 || len > LABEL_MAX_LEN || text[0] == '-' || text[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_alnum(text[i]) && text[i] != '-' && !(in_suffix && text[i] == '_'))
            return false;
    return true;
}

/* Underscores are no part of a hostname, but people have them in their own suffix. */
static bool is_host_name(const char *name, bool in_suffix)
{
    if (strnlen(name, HOST_NAME_MAX_LEN + 1) > HOST_NAME_MAX_LEN)
        return false;
    for (;; in_suffix = true) {
        size_t len = strcspn(name, ".");
        if (!is_label(name, len, in_suffix))
            return false;
        if (!name[len])
            return true;
        name += len + 1;
    }
}

int hosts_check_suffix(const char *suffix, struct err *err)
{
    if (!*suffix || is_host_name(suffix, true))
        return 0;
    return err_set(err, -EINVAL,
                   "\"%.80s\" cannot end a host name; use labels of letters, digits, hyphens and "
                   "underscores with dots between them",
                   suffix);
}

/* --- the section -------------------------------------------------------------------------------
 */

struct row {
    const struct hosts_entry *entry;
    size_t index;
};

static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int order = ip_compare(&x->entry->ip, &y->entry->ip);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static size_t select_rows(const struct hosts_entry *entries, size_t n, struct row *rows)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (is_host_name(entries[i].name, false))
            rows[kept++] = (struct row){&entries[i], i};
    qsort(rows, kept, sizeof(*rows), compare_rows);
    return kept;
}

struct markers {
    struct buf begin;
    struct buf end;
};

static void put_section(struct buf *out, const struct markers *m, const struct row *rows, size_t n)
{
    char ip[IP_TEXT_MAX];
    if (n == 0)
        return;
    buf_puts(out, m->begin.data);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !ip_equal(&rows[i].entry->ip, &rows[i - 1].entry->ip)) {
            buf_putc(out, '\n');
            buf_puts(out, ip_format(&rows[i].entry->ip, ip));
        }
        buf_putc(out, ' ');
        buf_puts(out, rows[i].entry->name);
    }
    buf_putc(out, '\n');
    buf_puts(out, m->end.data);
    buf_putc(out, '\n');
}

static int make_section(const struct markers *m, const struct hosts_entry *entries, size_t n,
                        struct buf *out)
{
    CLEAN_FREE struct row *rows = calloc(n ? n : 1, sizeof(*rows));
    if (!rows)
        return -ENOMEM;
    put_section(out, m, rows, select_rows(entries, n, rows));
    return out->failed ? -ENOMEM : 0;
}

/* --- the file ----------------------------------------------------------------------------------
 */

struct line {
    const char *text; /* without its end; a CR before the LF is dropped */
    size_t len;
    size_t next; /* where the following line starts */
};

static bool next_line(const char *text, size_t len, size_t at, struct line *ret)
{
    if (at >= len)
        return false;
    const char *end = memchr(text + at, '\n', len - at);
    ret->text = text + at;
    ret->len = end ? (size_t)(end - ret->text) : len - at;
    ret->next = at + ret->len + (end ? 1 : 0);
    if (end && ret->len && ret->text[ret->len - 1] == '\r')
        ret->len--;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_marker(const struct line *line, const struct buf *marker)
{
    const char *text = line->text;
    size_t len = line->len;
    while (len && is_blank(text[0])) {
        text++;
        len--;
    }
    while (len && is_blank(text[len - 1]))
        len--;
    return len == marker->len && memcmp(text, marker->data, len) == 0;
}

static void put_lines(struct buf *out, const char *text, size_t len)
{
    struct line line;
    for (size_t at = 0; next_line(text, len, at, &line); at = line.next) {
        buf_append(out, line.text, line.len);
        buf_putc(out, '\n');
    }
}

/* Where the present section is. */
struct span {
    bool has_begin, has_end;
    size_t begin;     /* first byte of the BEGIN line */
    size_t end;       /* first byte of the END line */
    size_t after_end; /* first byte behind the END line */
};

static struct span find_section(const char *text, size_t len, const struct markers *m)
{
    struct span s = {0};
    struct line line;
    for (size_t at = 0; next_line(text, len, at, &line); at = line.next) {
        if (!s.has_begin && is_marker(&line, &m->begin)) {
            s.has_begin = true;
            s.begin = at;
        } else if (!s.has_end && is_marker(&line, &m->end)) {
            s.has_end = true;
            s.end = at;
            s.after_end = line.next;
        }
    }
    return s;
}

static bool ends_with_empty_line(const char *text, size_t len)
{
    struct line line = {0};
    for (size_t at = 0; next_line(text, len, at, &line);)
        at = line.next;
    return line.len == 0;
}

static void append_section(const char *old, size_t old_len, const struct buf *section,
                           struct buf *out, bool *ret_changed)
{
    *ret_changed = section->len > 0;
    if (!*ret_changed)
        return;
    put_lines(out, old, old_len);
    if (!ends_with_empty_line(old, old_len))
        buf_putc(out, '\n');
    buf_append(out, section->data, section->len);
}

static int replace_section(const char *old, size_t old_len, const struct span *span,
                           const struct buf *section, struct buf *out, bool *ret_changed)
{
    CLEAN_BUF struct buf present = BUF_INIT;
    put_lines(&present, old + span->begin, span->after_end - span->begin);
    if (present.failed)
        return -ENOMEM;
    *ret_changed = present.len != section->len ||
                   (section->len && memcmp(present.data, section->data, section->len) != 0);
    if (!*ret_changed)
        return 0;
    put_lines(out, old, span->begin);
    buf_append(out, section->data, section->len);
    put_lines(out, old + span->after_end, old_len - span->after_end);
    return 0;
}

static int rewrite(const char *old, size_t old_len, const struct markers *m,
                   const struct buf *section, struct buf *out, bool *ret_changed, struct err *err)
{
    struct span span = find_section(old, old_len, m);
    if (span.has_begin != span.has_end)
        return err_set(err, -EINVAL,
                       "the line \"%s\" is missing while its counterpart is there; remove that one",
                       span.has_begin ? m->end.data : m->begin.data);
    if (!span.has_begin) {
        append_section(old, old_len, section, out, ret_changed);
        return 0;
    }
    if (span.end < span.begin)
        return err_set(err, -EINVAL, "the line \"%s\" stands above \"%s\"; remove both",
                       m->end.data, m->begin.data);
    return replace_section(old, old_len, &span, section, out, ret_changed);
}

int hosts_rewrite(const char *old, size_t old_len, const char *interface,
                  const struct hosts_entry *entries, size_t n, struct buf *out, bool *ret_changed,
                  struct err *err)
{
    CLEAN_BUF struct buf section = BUF_INIT;
    struct markers m = {BUF_INIT, BUF_INIT};
    bool changed = false;
    buf_printf(&m.begin, "# DO NOT EDIT innernet %s BEGIN", interface);
    buf_printf(&m.end, "# DO NOT EDIT innernet %s END", interface);
    buf_reset(out);
    int rc = m.begin.failed || m.end.failed ? -ENOMEM : 0;
    if (rc == 0)
        rc = make_section(&m, entries, n, &section);
    if (rc == 0)
        rc = rewrite(old ? old : "", old_len, &m, &section, out, &changed, err);
    if (rc == 0 && out->failed)
        rc = -ENOMEM;
    if (rc == 0)
        *ret_changed = changed;
    buf_done(&m.begin);
    buf_done(&m.end);
    return rc == -ENOMEM ? err_set(err, rc, "out of memory") : rc;
}
