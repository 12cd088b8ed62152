#pragma once
/* Shared between the prompt*.c files only: the terminal while a question is open. */

#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "innernet/buf.h"
#include "innernet/prompt.h"

#define PROMPT_TEXT_MAX 1024 /* of questions, items and answers, as drawn, in bytes */

/* From prompt_term_open to prompt_term_close the signals that end or stop a process are blocked and
 * read from a descriptor, so that the terminal is in order again before one of them takes effect.
 */
struct prompt_term {
    const struct prompt *prompt;
    int in_fd; /* where keys come from */
    int signal_fd;
    sigset_t old_mask;
    struct termios saved;
    locale_t utf8;
    locale_t old_locale;
    bool color;
    bool moves;  /* the terminal can move its cursor and erase */
    bool drawn;  /* the question stands on the screen */
    size_t rows; /* of it that are above the cursor's row */
    int caught;  /* signal that ends the process at prompt_term_close, 0 = none */
};

enum prompt_key {
    PROMPT_KEY_CHAR, /* printable ASCII, see ret_char */
    PROMPT_KEY_ENTER,
    PROMPT_KEY_TAB,
    PROMPT_KEY_BACK_TAB,
    PROMPT_KEY_UP,
    PROMPT_KEY_DOWN,
    PROMPT_KEY_LEFT,
    PROMPT_KEY_RIGHT,
    PROMPT_KEY_PAGE_UP,
    PROMPT_KEY_PAGE_DOWN,
    PROMPT_KEY_HOME,
    PROMPT_KEY_END,
    PROMPT_KEY_OTHER,
    PROMPT_KEY_RESIZE, /* no key: the terminal has another size now */
};

/* prompt_term.c */

/* Finds the terminal and remembers its state. -ENOTTY without one, or what the system says. */
int prompt_term_open(struct prompt_term *t, const struct prompt *p, struct err *err);
/* Puts the terminal back; ends the process if a signal asked for it meanwhile. Returns `r`. */
int prompt_term_close(struct prompt_term *t, int r);
/* Keys one by one and without echo, until prompt_term_close. */
int prompt_term_raw(struct prompt_term *t, struct err *err);
/* One byte. 1; 0 after timeout_ms (-1 = none); -ESTALE when the size changed; -EINTR when a signal
 * ends the process (close the terminal and return); -EIO when the terminal is gone. */
int prompt_term_byte(struct prompt_term *t, int timeout_ms, unsigned char *ret);
/* Says why prompt_term_byte or an end-of-input key ended the question: -ECANCELED, -EINTR, -EIO. */
int prompt_term_fail(const struct prompt_term *t, int r, struct err *err);

/* prompt_key.c: one key, escape sequences resolved. 0 or as prompt_term_byte; -ECANCELED: Ctrl-D.
 */
int prompt_term_key(struct prompt_term *t, enum prompt_key *ret, char *ret_char);

/* prompt_draw.c */

void prompt_term_size(size_t *ret_lines, size_t *ret_columns);
/* Columns that UTF-8 text takes; only between open and close. */
size_t prompt_columns(const char *text);
/* Appends as many characters of `text` as fit `columns`, with an ellipsis if that is not all. */
void prompt_put_cut(struct buf *b, const char *text, size_t columns);
/* Appends safe text, coloured when `t` has colours. */
void prompt_put_styled(const struct prompt_term *t, struct buf *b, const char *sgr,
                       const char *text);
/* Appends "? question " and returns the columns it takes. */
size_t prompt_put_question(const struct prompt_term *t, struct buf *b);
/* Rows taken by so many columns. */
size_t prompt_rows(size_t columns);
/* Appends what erases the question as drawn so far, if it was; what follows counts as drawn. */
void prompt_put_erase(struct prompt_term *t, struct buf *b);
/* Writes the buffer to stderr and resets it. */
void prompt_flush(struct buf *b);
/* Replaces the question by one line: check mark, question, answer. */
void prompt_conclude(struct prompt_term *t, const char *answer);
