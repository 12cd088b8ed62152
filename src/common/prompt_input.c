#include <ctype.h>
#include <errno.h>
#include <histedit.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "innernet/log.h"
#include "prompt_internal.h"

#define LITERAL '\1' /* marks stretches of the prompt that take no columns */

struct input {
    struct prompt_term *t;
    const char *def;
    const char *prefill; /* what is left of it: fed to the editor as if it were typed */
    int (*check)(const char *text, struct err *err);
    EditLine *editor;
    struct buf line;     /* the prompt in front of the text, with escape sequences marked */
    size_t line_columns; /* columns it takes */
    int end;             /* why reading ended, negative errno */
};

/* From the prefill, then from the terminal. Control characters have no place in a prefill: here
 * they would act like keys. */
static int read_byte(struct input *in, char *ret)
{
    unsigned char c;
    int r;
    while (*in->prefill && iscntrl((unsigned char)*in->prefill))
        in->prefill++;
    if (*in->prefill) {
        *ret = *in->prefill++;
        return 1;
    }
    while ((r = prompt_term_byte(in->t, -1, &c)) == -ESTALE)
        ; /* the editor finds out about the new size by itself */
    if (r > 0)
        *ret = (char)c;
    return r;
}

static int read_char(struct input *in, wchar_t *ret)
{
    mbstate_t state = {0};
    for (;;) {
        char byte;
        int r = read_byte(in, &byte);
        if (r < 0)
            return r;
        size_t len = mbrtowc(ret, &byte, 1, &state);
        if (len == (size_t)-1)
            state = (mbstate_t){0};
        else if (len == 1)
            return 1;
    }
}

static int editor_read(EditLine *editor, wchar_t *ret)
{
    struct input *in = NULL;
    el_get(editor, EL_CLIENTDATA, &in);
    int r = read_char(in, ret);
    if (r < 0)
        in->end = r;
    return r < 0 ? -1 : 1;
}

static char *editor_prompt(EditLine *editor)
{
    struct input *in = NULL;
    el_get(editor, EL_CLIENTDATA, &in);
    return in->line.data;
}

/* The editor counts columns: sequences that take none stand between two LITERAL. */
static void put_marked(const struct prompt_term *t, struct buf *b, const char *sgr,
                       const char *text)
{
    if (t->color)
        buf_printf(b, "%c\033[%sm%c%s%c\033[0m%c", LITERAL, sgr, LITERAL, text, LITERAL, LITERAL);
    else
        buf_puts(b, text);
}

static void make_line(struct input *in)
{
    char safe[PROMPT_TEXT_MAX];
    buf_reset(&in->line);
    log_safe(in->t->prompt->question, safe, sizeof(safe));
    put_marked(in->t, &in->line, SGR_YELLOW, "?");
    buf_putc(&in->line, ' ');
    put_marked(in->t, &in->line, SGR_BOLD, safe);
    in->line_columns = 2 + prompt_columns(safe);
    if (in->def) {
        CLEAN_BUF struct buf hint = BUF_INIT;
        buf_printf(&hint, "(%s)", log_safe(in->def, safe, sizeof(safe)));
        buf_putc(&in->line, ' ');
        put_marked(in->t, &in->line, SGR_DIM, hint.data ? hint.data : "");
        in->line_columns += 1 + prompt_columns(hint.data ? hint.data : "");
    }
    buf_puts(&in->line, " › ");
    in->line_columns += 3;
}

static int open_editor(struct input *in, struct err *err)
{
    static const char *const binds[][2] = {{"\\e[3~", "ed-delete-next-char"},
                                           {"\\e[H", "ed-move-to-beg"},
                                           {"\\e[F", "ed-move-to-end"},
                                           {"\\e[1~", "ed-move-to-beg"},
                                           {"\\e[4~", "ed-move-to-end"}};
    make_line(in);
    if (in->line.failed)
        return err_set(err, -ENOMEM, "out of memory");
    in->editor =
        el_init_fd("innernet", stdin, stderr, stderr, in->t->in_fd, STDERR_FILENO, STDERR_FILENO);
    if (!in->editor)
        return err_set(err, -ENOMEM, "cannot set up the line editor");
    el_set(in->editor, EL_CLIENTDATA, in);
    el_set(in->editor, EL_EDITOR, "emacs");
    el_set(in->editor, EL_PROMPT_ESC, editor_prompt, LITERAL);
    el_set(in->editor, EL_GETCFN, editor_read);
    for (size_t i = 0; i < ARRAY_SIZE(binds); i++)
        el_set(in->editor, EL_BIND, binds[i][0], binds[i][1], NULL);
    return 0;
}

/* Reads a line, without the blanks around it. */
static int read_line(struct input *in, const char *prefill, char **ret, struct err *err)
{
    size_t lines, width;
    int count = 0;
    in->end = -ECANCELED;
    in->prefill = prefill ? prefill : "";
    in->t->drawn = true;
    /* The editor draws before it turns the echo off: keys in between would show twice. */
    int r = prompt_term_raw(in->t, err);
    if (r < 0)
        return r;
    const char *text = el_gets(in->editor, &count);
    if (!text || count <= 0)
        return prompt_term_fail(in->t, in->end, err);
    size_t len = strcspn(text, "\r\n");
    CLEAN_FREE char *copy = strndup(text, len);
    if (!copy)
        return err_set(err, -ENOMEM, "out of memory");
    /* The editor goes to the next row as soon as one is full. */
    prompt_term_size(&lines, &width);
    in->t->rows += (in->line_columns + prompt_columns(copy)) / width + 1;
    while (len > 0 && isspace((unsigned char)copy[len - 1]))
        copy[--len] = '\0';
    memmove(copy, copy + strspn(copy, " \t"), len - strspn(copy, " \t") + 1);
    *ret = TAKE_PTR(copy);
    return 0;
}

/* Replaces what was drawn by the reason why the question comes again. */
static void draw_reason(struct prompt_term *t, const char *reason)
{
    CLEAN_BUF struct buf b = BUF_INIT;
    prompt_put_erase(t, &b);
    prompt_put_styled(t, &b, SGR_RED, "✘");
    buf_printf(&b, " %s\n", reason);
    t->rows = prompt_rows(2 + prompt_columns(reason));
    prompt_flush(&b);
}

/* Puts the default in the place of an empty answer. */
static int judge(const struct input *in, char **text, struct err *reason)
{
    if (!(*text)[0] && in->def) {
        free(*text);
        *text = strdup(in->def);
        if (!*text)
            return err_set(reason, -ENOMEM, "out of memory");
    }
    if (!(*text)[0])
        return err_set(reason, -EINVAL, "an answer is needed");
    if (strlen(*text) > PROMPT_TEXT_MAX)
        return err_set(reason, -EINVAL, "too long, the most is %d bytes", PROMPT_TEXT_MAX);
    for (const char *c = *text; *c; c++)
        if (iscntrl((unsigned char)*c))
            return err_set(reason, -EINVAL, "a character of it cannot be printed");
    return in->check ? in->check(*text, reason) : 0;
}

static int ask(struct input *in, const char *prefill, char **ret, struct err *err)
{
    int r = open_editor(in, err);
    if (r < 0)
        return r;
    for (;;) {
        CLEAN_FREE char *text = NULL;
        struct err reason = ERR_INIT;
        r = read_line(in, prefill, &text, err);
        if (r < 0)
            return r;
        r = judge(in, &text, &reason);
        if (r == -ENOMEM)
            return err_set(err, r, "%s", reason.text);
        if (r == 0) {
            prompt_conclude(in->t, text);
            *ret = TAKE_PTR(text);
            return 0;
        }
        draw_reason(in->t, reason.text);
    }
}

/* With editing on, el_end throws away what was typed ahead for the next question. */
static void close_editor(struct input *in)
{
    if (in->editor) {
        el_set(in->editor, EL_EDITMODE, 0);
        el_end(in->editor);
    }
    buf_done(&in->line);
}

int prompt_input(const struct prompt *p, const char *def, const char *prefill,
                 int (*check)(const char *text, struct err *err), char **ret, struct err *err)
{
    struct prompt_term t;
    struct input in = {.t = &t, .def = def, .check = check, .line = BUF_INIT};
    int r = prompt_term_open(&t, p, err);
    if (r < 0)
        return r;
    r = ask(&in, prefill, ret, err);
    close_editor(&in);
    return prompt_term_close(&t, r);
}
