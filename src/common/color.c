#include <string.h>

#include "innernet/log.h"

#define UNDECIDED (-1)

static int mode = UNDECIDED;

static bool decide(void)
{
    const char *force = getenv("CLICOLOR_FORCE");
    if (force && strcmp(force, "0") != 0)
        return true;
    if (getenv("NO_COLOR"))
        return false;
    const char *wish = getenv("CLICOLOR");
    return isatty(STDOUT_FILENO) && !(wish && strcmp(wish, "0") == 0);
}

bool color_enabled(void)
{
    if (mode == UNDECIDED)
        mode = decide();
    return mode == 1;
}

void color_override(int wanted)
{
    mode = wanted;
}

void paint(struct buf *b, const char *sgr, const char *text)
{
    bool on = color_enabled();
    if (on) {
        buf_puts(b, "\x1b[");
        buf_puts(b, sgr);
        buf_putc(b, 'm');
    }
    buf_puts(b, text);
    if (on)
        buf_puts(b, "\x1b[0m");
}
