#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "innernet/log.h"
#include "prompt_internal.h"

void prompt_term_size(size_t *ret_lines, size_t *ret_columns)
{
    struct winsize size = {0};
    ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
    *ret_lines = size.ws_row > 0 ? size.ws_row : 24;
    *ret_columns = size.ws_col > 0 ? size.ws_col : 80;
}

/* Bytes and columns of the first character; what is no character counts as one byte, one column. */
static size_t first_char(const char *text, size_t *ret_columns)
{
    wchar_t wide;
    mbstate_t state = {0};
    size_t len = mbrtowc(&wide, text, strlen(text), &state);
    *ret_columns = 1;
    if (len == 0 || len > strlen(text))
        return 1;
    int width = wcwidth(wide);
    *ret_columns = width < 0 ? 1 : (size_t)width;
    return len;
}

size_t prompt_columns(const char *text)
{
    size_t total = 0, columns;
    while (*text) {
        text += first_char(text, &columns);
        total += columns;
    }
    return total;
}

void prompt_put_cut(struct buf *b, const char *text, size_t columns)
{
    bool cut = prompt_columns(text) > columns;
    size_t room = cut && columns > 0 ? columns - 1 : columns, used = 0, width;
    while (*text) {
        size_t len = first_char(text, &width);
        if (used + width > room)
            break;
        buf_append(b, text, len);
        used += width;
        text += len;
    }
    if (cut && columns > 0)
        buf_puts(b, "…");
}

void prompt_put_styled(const struct prompt_term *t, struct buf *b, const char *sgr,
                       const char *text)
{
    if (t->color)
        buf_printf(b, "\033[%sm%s\033[0m", sgr, text);
    else
        buf_puts(b, text);
}

size_t prompt_put_question(const struct prompt_term *t, struct buf *b)
{
    char safe[PROMPT_TEXT_MAX];
    log_safe(t->prompt->question, safe, sizeof(safe));
    prompt_put_styled(t, b, SGR_YELLOW, "?");
    buf_putc(b, ' ');
    prompt_put_styled(t, b, SGR_BOLD, safe);
    buf_putc(b, ' ');
    return 2 + prompt_columns(safe) + 1;
}

size_t prompt_rows(size_t columns)
{
    size_t lines, width;
    prompt_term_size(&lines, &width);
    return columns == 0 ? 1 : (columns + width - 1) / width;
}

void prompt_put_erase(struct prompt_term *t, struct buf *b)
{
    if (t->moves && t->drawn) {
        buf_putc(b, '\r');
        if (t->rows > 0)
            buf_printf(b, "\033[%zuA", t->rows);
        buf_puts(b, "\033[J");
    }
    t->rows = 0;
    t->drawn = true;
}

void prompt_flush(struct buf *b)
{
    if (b->data)
        fwrite(b->data, 1, b->len, stderr);
    fflush(stderr);
    buf_reset(b);
}

void prompt_conclude(struct prompt_term *t, const char *answer)
{
    CLEAN_BUF struct buf b = BUF_INIT;
    char safe[PROMPT_TEXT_MAX];
    if (t->drawn && !t->moves)
        buf_putc(&b, '\n');
    prompt_put_erase(t, &b);
    log_safe(t->prompt->question, safe, sizeof(safe));
    prompt_put_styled(t, &b, SGR_GREEN, "✔");
    buf_putc(&b, ' ');
    prompt_put_styled(t, &b, SGR_BOLD, safe);
    buf_puts(&b, " · ");
    log_safe(answer, safe, sizeof(safe));
    prompt_put_styled(t, &b, SGR_GREEN, safe);
    buf_putc(&b, '\n');
    prompt_flush(&b);
}
