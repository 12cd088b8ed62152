/* Pieces of configuration files: strings and values, read and written. */
#include <errno.h>
#include <string.h>

#include "config_internal.h"
#include "innernet/fsutil.h"

struct traits {
    bool has_newline;
    bool has_backslash;
    bool has_control;    /* one that only an escape can express */
    unsigned double_run; /* longest run of each kind of quote */
    unsigned single_run;
};

static void count_run(char c, char quote, unsigned *run, unsigned *longest)
{
    *run = c == quote ? *run + 1 : 0;
    if (*run > *longest)
        *longest = *run;
}

static struct traits inspect(const char *text)
{
    struct traits t = {0};
    unsigned double_run = 0, single_run = 0;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        count_run(*text, '"', &double_run, &t.double_run);
        count_run(*text, '\'', &single_run, &t.single_run);
        if (c == '\n')
            t.has_newline = true;
        else if (c == '\\')
            t.has_backslash = true;
        else if ((c < 0x20 && c != '\t') || c == 0x7f)
            t.has_control = true;
    }
    return t;
}

enum escaping { ESCAPE_NOTHING, ESCAPE_CONTROLS, ESCAPE_ALL };

static void put_escape(struct buf *out, unsigned char c)
{
    static const char named[] = "b\bt\tn\nf\fr\r\"\"\\\\";
    for (const char *at = named; *at; at += 2) {
        if (c == (unsigned char)at[1]) {
            buf_putc(out, '\\');
            buf_putc(out, at[0]);
            return;
        }
    }
    buf_printf(out, "\\u%04X", c);
}

static void put_quoted(struct buf *out, const char *quote, const char *text, enum escaping how)
{
    bool is_long = quote[1] != '\0';
    buf_puts(out, quote);
    if (is_long && strchr(text, '\n'))
        buf_putc(out, '\n'); /* not part of the value */
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool escape = (c < 0x20 && !(c == '\n' && is_long)) || c == 0x7f;
        if (how == ESCAPE_ALL && (c == '"' || c == '\\'))
            escape = true;
        if (escape && how != ESCAPE_NOTHING)
            put_escape(out, c);
        else
            buf_putc(out, *text);
    }
    buf_puts(out, quote);
}

void config_put_string(struct buf *out, const char *text)
{
    struct traits t = inspect(text);
    if (!t.has_control && !t.has_backslash && !t.double_run && !t.has_newline)
        put_quoted(out, "\"", text, ESCAPE_CONTROLS);
    else if (!t.has_control && !t.single_run && !t.has_newline)
        put_quoted(out, "'", text, ESCAPE_NOTHING);
    else if (!t.has_control && !t.has_backslash && t.double_run <= 2)
        put_quoted(out, "\"\"\"", text, ESCAPE_CONTROLS);
    else if (!t.has_control && t.single_run <= 2)
        put_quoted(out, "'''", text, ESCAPE_NOTHING);
    else
        put_quoted(out, t.has_newline ? "\"\"\"" : "\"", text, ESCAPE_ALL);
}

void config_put_line(struct buf *out, const char *key, const char *text)
{
    buf_puts(out, key);
    buf_puts(out, " = ");
    config_put_string(out, text);
    buf_putc(out, '\n');
}

void config_put_key_line(struct buf *out, const char *key, const struct key *value)
{
    char text[KEY_TEXT_MAX];
    config_put_line(out, key, key_format(value, text));
    explicit_bzero(text, sizeof(text));
}

void config_put_endpoint_line(struct buf *out, const char *key, const struct endpoint *value)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    endpoint_format(value, &text);
    if (text.failed)
        out->failed = true;
    else
        config_put_line(out, key, text.data);
}

int config_bad_value(const char *source, const char *table, const char *key, const char *wanted,
                     struct err *err)
{
    return err_set(err, -EINVAL, "%s: `%s%s%s` is not %s; correct it", source, table,
                   *table ? "." : "", key, wanted);
}

int config_get_key(const struct toml_doc *doc, const char *source, const char *table,
                   const char *key, struct key *ret, struct err *err)
{
    const char *text;
    int rc = toml_get_string(doc, table, key, &text, err);
    if (rc < 0)
        return rc;
    if (key_parse(text, ret) < 0)
        return config_bad_value(source, table, key, "a WireGuard key (44 characters of base64)",
                                err);
    return 0;
}

int config_get_port(const struct toml_doc *doc, const char *table, const char *key, uint16_t *ret,
                    struct err *err)
{
    int64_t number;
    int rc = toml_get_int(doc, table, key, 0, UINT16_MAX, &number, err);
    if (rc == 0)
        *ret = (uint16_t)number;
    return rc;
}

int config_parse_failed(int rc, struct err *err)
{
    int code = rc == -ENOENT ? -EINVAL : rc;
    if (err)
        err->code = code;
    return code;
}

int config_read_file(const char *path, struct buf *out, mode_t *ret_mode, struct err *err)
{
    /* Room at once, so that growing does not leave copies of a key on the heap. */
    if (buf_reserve(out, (size_t)64 * 1024) < 0)
        return err_set(err, -ENOMEM, "%s - out of memory", path);
    return fs_read_file(path, CONFIG_FILE_MAX, out, ret_mode, err);
}
