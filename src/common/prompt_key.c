#include <errno.h>

#include "prompt_internal.h"

#define ESCAPE_WAIT_MS 50 /* bytes of one key come together; a lone Esc has no followers */
#define SEQUENCE_MAX 16

static enum prompt_key key_of_final(unsigned char final, unsigned number)
{
    switch (final) {
    case 'A':
        return PROMPT_KEY_UP;
    case 'B':
        return PROMPT_KEY_DOWN;
    case 'C':
        return PROMPT_KEY_RIGHT;
    case 'D':
        return PROMPT_KEY_LEFT;
    case 'H':
        return PROMPT_KEY_HOME;
    case 'F':
        return PROMPT_KEY_END;
    case 'Z':
        return PROMPT_KEY_BACK_TAB;
    case '~':
        return number == 5   ? PROMPT_KEY_PAGE_UP
               : number == 6 ? PROMPT_KEY_PAGE_DOWN
                             : PROMPT_KEY_OTHER;
    default:
        return PROMPT_KEY_OTHER;
    }
}

/* What follows Esc: "[" digits and a final byte (ECMA-48 CSI), or "O" and a final byte (SS3). */
static int read_escape(struct prompt_term *t, enum prompt_key *ret)
{
    unsigned char c;
    unsigned number = 0;
    *ret = PROMPT_KEY_OTHER;
    int r = prompt_term_byte(t, ESCAPE_WAIT_MS, &c);
    if (r <= 0 || (c != '[' && c != 'O'))
        return r < 0 ? r : 0;
    for (unsigned n = 0; n < SEQUENCE_MAX; n++) {
        r = prompt_term_byte(t, ESCAPE_WAIT_MS, &c);
        if (r <= 0)
            return r;
        if (c >= 0x40 && c <= 0x7e) {
            *ret = key_of_final(c, number);
            return 0;
        }
        if (c >= '0' && c <= '9')
            number = number < 100 ? number * 10 + (unsigned)(c - '0') : number;
    }
    return 0;
}

int prompt_term_key(struct prompt_term *t, enum prompt_key *ret, char *ret_char)
{
    unsigned char c;
    int r = prompt_term_byte(t, -1, &c);
    *ret_char = 0;
    if (r == -ESTALE) {
        *ret = PROMPT_KEY_RESIZE;
        return 0;
    }
    if (r < 0)
        return r;
    if (c == 0x1b)
        return read_escape(t, ret);
    if (c == 0x04)
        return -ECANCELED;
    *ret = c == '\n' || c == '\r'  ? PROMPT_KEY_ENTER
           : c == '\t'             ? PROMPT_KEY_TAB
           : c >= 0x20 && c < 0x7f ? PROMPT_KEY_CHAR
                                   : PROMPT_KEY_OTHER;
    if (*ret == PROMPT_KEY_CHAR)
        *ret_char = (char)c;
    return 0;
}
