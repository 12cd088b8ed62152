#include <errno.h>

#include "innernet/log.h"
#include "prompt_internal.h"

struct menu {
    struct prompt_term *t;
    const char *const *items;
    size_t n;
    size_t at;    /* the selected item */
    size_t first; /* the topmost item shown */
    size_t shown; /* how many items fit the terminal */
};

static void put_item(const struct menu *m, struct buf *b, size_t i, size_t columns)
{
    char safe[PROMPT_TEXT_MAX];
    CLEAN_BUF struct buf text = BUF_INIT;
    log_safe(m->items[i], safe, sizeof(safe));
    prompt_put_cut(&text, safe, columns > 3 ? columns - 3 : 1);
    if (i == m->at) {
        prompt_put_styled(m->t, b, SGR_GREEN, "❯");
        buf_putc(b, ' ');
        prompt_put_styled(m->t, b, SGR_CYAN, text.data ? text.data : "");
    } else {
        buf_printf(b, "  %s", text.data ? text.data : "");
    }
    buf_putc(b, '\n');
}

static void fit_window(struct menu *m, size_t room)
{
    m->shown = room < 1 ? 1 : room > m->n ? m->n : room;
    if (m->at < m->first)
        m->first = m->at;
    if (m->at >= m->first + m->shown)
        m->first = m->at - m->shown + 1;
    if (m->first + m->shown > m->n)
        m->first = m->n - m->shown;
}

static void draw(struct menu *m)
{
    CLEAN_BUF struct buf b = BUF_INIT;
    CLEAN_BUF struct buf hint = BUF_INIT;
    size_t lines, columns;
    prompt_term_size(&lines, &columns);
    prompt_put_erase(m->t, &b);
    size_t used = prompt_put_question(m->t, &b);
    buf_printf(&hint, "(%zu of %zu)", m->at + 1, m->n);
    prompt_put_styled(m->t, &b, SGR_DIM, hint.data ? hint.data : "");
    buf_putc(&b, '\n');
    size_t question_rows = prompt_rows(used + hint.len);
    fit_window(m, lines > question_rows + 1 ? lines - question_rows - 1 : 1);
    for (size_t i = m->first; i < m->first + m->shown; i++)
        put_item(m, &b, i, columns);
    m->t->rows = question_rows + m->shown;
    prompt_flush(&b);
}

static size_t page_up(const struct menu *m)
{
    return m->at > m->shown ? m->at - m->shown : 0;
}

static size_t page_down(const struct menu *m)
{
    return m->n - 1 - m->at > m->shown ? m->at + m->shown : m->n - 1;
}

/* True when the selected item is the answer. */
static bool act(struct menu *m, enum prompt_key key, char c)
{
    if (key == PROMPT_KEY_ENTER || c == ' ')
        return true;
    if (key == PROMPT_KEY_DOWN || key == PROMPT_KEY_TAB || c == 'j')
        m->at = m->at + 1 < m->n ? m->at + 1 : 0;
    else if (key == PROMPT_KEY_UP || key == PROMPT_KEY_BACK_TAB || c == 'k')
        m->at = m->at > 0 ? m->at - 1 : m->n - 1;
    else if (key == PROMPT_KEY_LEFT || key == PROMPT_KEY_PAGE_UP || c == 'h')
        m->at = page_up(m);
    else if (key == PROMPT_KEY_RIGHT || key == PROMPT_KEY_PAGE_DOWN || c == 'l')
        m->at = page_down(m);
    else if (key == PROMPT_KEY_HOME)
        m->at = 0;
    else if (key == PROMPT_KEY_END)
        m->at = m->n - 1;
    return false;
}

static void show_cursor(const struct prompt_term *t, bool show)
{
    CLEAN_BUF struct buf b = BUF_INIT;
    if (t->moves)
        buf_puts(&b, show ? "\033[?25h" : "\033[?25l");
    prompt_flush(&b);
}

static int ask(struct menu *m, struct err *err)
{
    enum prompt_key key = PROMPT_KEY_RESIZE;
    char c = 0;
    int r = prompt_term_raw(m->t, err);
    if (r < 0)
        return r;
    show_cursor(m->t, false);
    for (size_t drawn = m->n; r == 0;) {
        if (drawn != m->at || key == PROMPT_KEY_RESIZE)
            draw(m);
        drawn = m->at;
        r = prompt_term_key(m->t, &key, &c);
        if (r == 0 && act(m, key, c))
            break;
    }
    show_cursor(m->t, true);
    return r < 0 ? prompt_term_fail(m->t, r, err) : 0;
}

int prompt_select(const struct prompt *p, const char *const *items, size_t n, size_t *ret,
                  struct err *err)
{
    struct prompt_term t;
    struct menu m = {.t = &t, .items = items, .n = n};
    char question[PROMPT_TEXT_MAX];
    if (n == 0)
        return err_set(err, -ENOENT, "there is nothing to choose from for \"%s\"",
                       log_safe(p->question, question, sizeof(question)));
    int r = prompt_term_open(&t, p, err);
    if (r < 0)
        return r;
    r = ask(&m, err);
    if (r == 0) {
        prompt_conclude(&t, items[m.at]);
        *ret = m.at;
    }
    return prompt_term_close(&t, r);
}
