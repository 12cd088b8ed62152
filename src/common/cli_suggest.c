#include <stdint.h>
#include <string.h>

#include "cli_internal.h"

#define SUGGEST_LEN_MAX 32

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Optimal string alignment distance: insert, delete, replace and swap of neighbours cost 1 each. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[SUGGEST_LEN_MAX + 1][SUGGEST_LEN_MAX + 1];
    for (size_t i = 0; i <= a_len; i++)
        row[i][0] = i;
    for (size_t j = 0; j <= b_len; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        for (size_t j = 1; j <= b_len; j++) {
            row[i][j] = min3(row[i - 1][j] + 1, row[i][j - 1] + 1,
                             row[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                row[i - 2][j - 2] + 1 < row[i][j])
                row[i][j] = row[i - 2][j - 2] + 1;
        }
    }
    return row[a_len][b_len];
}

struct suggestion {
    const char *text;
    size_t len;
    const char *best;
    size_t best_distance;
};

static void suggestion_offer(struct suggestion *s, const char *candidate)
{
    size_t len = strlen(candidate);
    if (s->len == 0 || s->len > SUGGEST_LEN_MAX || len > SUGGEST_LEN_MAX)
        return;
    /* A third of the letters wrong is a slip, more is another word. A word begun and left off
     * counts as near too. */
    size_t limit = len / 3 > 0 ? len / 3 : 1;
    size_t distance = edit_distance(s->text, s->len, candidate, len);
    if (s->len >= 3 && s->len < len && memcmp(s->text, candidate, s->len) == 0)
        distance = limit;
    if (distance <= limit && (!s->best || distance < s->best_distance)) {
        s->best = candidate;
        s->best_distance = distance;
    }
}

const char *cli_suggest_command(const struct cli_program *program, const char *text)
{
    struct suggestion s = {.text = text, .len = strlen(text)};
    const struct cli_command *command;
    for (size_t i = 0; (command = cli_command_at(program, i)); i++) {
        suggestion_offer(&s, command->name);
        if (command->alias && !command->alias_hidden)
            suggestion_offer(&s, command->alias);
    }
    return s.best;
}

const char *cli_suggest_option(const struct cli_scope *scope, const char *text)
{
    struct suggestion s = {.text = text, .len = strlen(text)};
    for (size_t i = 0; i < scope->n; i++)
        suggestion_offer(&s, scope->settings[i].option->name);
    return s.best;
}
