#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cli_internal.h"

#define WIDTH_MIN 40
#define WIDTH_MAX 100 /* longer lines are hard to read */
#define WIDTH_FALLBACK 80
#define LEFT_MAX 34 /* widest left column; longer entries put their text on the next line */
#define INDENT 2
#define GAP 2

size_t cli_terminal_width(void)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    long width = columns ? strtol(columns, NULL, 10) : 0;
    if (width <= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width <= 0)
        return WIDTH_FALLBACK;
    return width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : (size_t)width;
}

static size_t columns_of(const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

static void put_spaces(struct buf *b, size_t n)
{
    while (n-- > 0)
        buf_putc(b, ' ');
}

/* Appends words broken at `width`; the cursor stands at column `indent`, where further lines begin
 * too. Line breaks in the text are kept. */
void cli_put_wrapped(struct buf *b, const char *text, size_t indent, size_t width)
{
    size_t column = indent;
    for (const char *c = text; *c;) {
        size_t len = strcspn(c, " \n"), word = columns_of(c, len);
        if (column > indent && column + 1 + word > width) {
            buf_putc(b, '\n');
            column = 0;
        } else if (column > indent) {
            buf_putc(b, ' ');
            column++;
        }
        if (column == 0) {
            put_spaces(b, indent);
            column = indent;
        }
        buf_append(b, c, len);
        column += word;
        c += len;
        for (; *c == ' ' || *c == '\n'; c++)
            if (*c == '\n') {
                buf_putc(b, '\n');
                column = 0;
            }
    }
}

void cli_sheet_row(const struct cli_sheet *s, const char *left, const char *right)
{
    size_t used = INDENT + columns_of(left, strlen(left));
    put_spaces(s->b, INDENT);
    buf_puts(s->b, left);
    if (used + GAP > s->left) {
        buf_putc(s->b, '\n');
        used = 0;
    }
    if (right[0]) {
        put_spaces(s->b, s->left - used);
        cli_put_wrapped(s->b, right, s->left, s->width);
    }
    buf_putc(s->b, '\n');
}

void cli_sheet_fit(struct cli_sheet *s, const char *left)
{
    size_t need = INDENT + columns_of(left, strlen(left)) + GAP;
    if (need > s->left && need <= LEFT_MAX)
        s->left = need;
}
