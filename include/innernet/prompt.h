#pragma once
/* Questions to a person: drawn on stderr, keys from stdin or /dev/tty. Mechanics:
 * spec/client.md 6.1, spec/server.md part 6. Ctrl-C ends the process by SIGINT with the terminal
 * restored. After an answer the prompt collapses to one line: check mark, question, answer. Without
 * a terminal every function returns -ENOTTY with an error that quotes the question and says which
 * option to give instead; at the end of input (Ctrl-D) -ECANCELED, when the terminal goes away
 * -EIO. Questions, items and answers may come from anywhere: control characters in them do not
 * reach the terminal. Keys typed ahead stay for the next question. */

#include <stdbool.h>
#include <stddef.h>

#include "innernet/err.h"

enum prompt_default { PROMPT_NO_DEFAULT, PROMPT_DEFAULT_NO, PROMPT_DEFAULT_YES };

struct prompt {
    const char *question;
    const char *option;  /* how to answer on the command line, e.g. "--name"; NULL = no hint */
    bool stdin_optional; /* stdin need not be a terminal (keys then come from /dev/tty) */
};

/* y/n in any case changes the answer, Enter accepts it; without default Enter waits for an answer.
 */
int prompt_confirm(const struct prompt *p, enum prompt_default def, bool *ret, struct err *err);

/* One line of text. `def` (nullable) is shown in parentheses and taken on empty Enter; `prefill`
 * (nullable) is editable initial text. `check` (nullable) refuses with a reason, which is shown and
 * the question asked again; empty without default asks again. Blanks around the text are dropped,
 * control characters refused. The answer is UTF-8 if the terminal sends UTF-8, whatever the locale.
 * Caller frees *ret. */
int prompt_input(const struct prompt *p, const char *def, const char *prefill,
                 int (*check)(const char *text, struct err *err), char **ret, struct err *err);

/* A menu by arrow keys, Tab, j/k (wrap around), Enter or Space accept; scrolls when taller than the
 * terminal. The first item is selected at the start. No items: -ENOENT. */
int prompt_select(const struct prompt *p, const char *const *items, size_t n, size_t *ret,
                  struct err *err);
