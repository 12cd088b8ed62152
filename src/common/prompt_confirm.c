#include <errno.h>

#include "innernet/log.h"
#include "prompt_internal.h"

/* The line ends without a newline: the cursor waits behind the answer. */
static void draw(struct prompt_term *t, const char *answer)
{
    CLEAN_BUF struct buf b = BUF_INIT;
    if (t->drawn && !t->moves)
        buf_putc(&b, '\n');
    prompt_put_erase(t, &b);
    size_t columns = prompt_put_question(t, &b);
    prompt_put_styled(t, &b, SGR_DIM, "(y/n)");
    buf_printf(&b, " › %s", answer);
    columns += sizeof("(y/n) > ") - 1 + prompt_columns(answer);
    t->rows = prompt_rows(columns) - 1;
    prompt_flush(&b);
}

static int ask(struct prompt_term *t, enum prompt_default def, bool *ret, struct err *err)
{
    bool answer = def == PROMPT_DEFAULT_YES, known = def != PROMPT_NO_DEFAULT;
    enum prompt_key key = PROMPT_KEY_OTHER;
    char c = 0;
    int r = prompt_term_raw(t, err);
    if (r < 0)
        return r;
    for (bool changed = true; !(key == PROMPT_KEY_ENTER && known);) {
        if (changed)
            draw(t, !known ? "" : answer ? "yes" : "no");
        r = prompt_term_key(t, &key, &c);
        if (r < 0)
            return prompt_term_fail(t, r, err);
        bool yes = c == 'y' || c == 'Y', no = c == 'n' || c == 'N';
        changed = (yes || no) && !(known && answer == yes);
        if (yes || no) {
            answer = yes;
            known = true;
        }
    }
    *ret = answer;
    return 0;
}

int prompt_confirm(const struct prompt *p, enum prompt_default def, bool *ret, struct err *err)
{
    struct prompt_term t;
    int r = prompt_term_open(&t, p, err);
    if (r < 0)
        return r;
    r = ask(&t, def, ret, err);
    if (r == 0)
        prompt_conclude(&t, *ret ? "yes" : "no");
    return prompt_term_close(&t, r);
}
