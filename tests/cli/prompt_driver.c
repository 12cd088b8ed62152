/* Asks one question and prints the answer on stdout: what test_prompt.py drives on a terminal.
 *
 *   prompt_driver confirm|input|select [-n] [-o OPTION] [-d DEFAULT] [-p PREFILL] [-q QUESTION]
 *                 [-c hostname] [-r TIMES] [ITEM...]
 *
 * -n: stdin need not be a terminal. -r: asks so many times. Exit code 1 and "error: <code> <text>"
 * on stdout on failure. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "innernet/cli.h"
#include "innernet/prompt.h"

static const char *def, *prefill;
static int (*check)(const char *text, struct err *err);

static int ask_confirm(const struct prompt *p, struct err *err)
{
    enum prompt_default d = !def                      ? PROMPT_NO_DEFAULT
                            : strcmp(def, "yes") == 0 ? PROMPT_DEFAULT_YES
                                                      : PROMPT_DEFAULT_NO;
    bool answer;
    int r = prompt_confirm(p, d, &answer, err);
    if (r == 0)
        printf("answer: %s\n", answer ? "yes" : "no");
    return r;
}

static int ask_input(const struct prompt *p, struct err *err)
{
    CLEAN_FREE char *answer = NULL;
    int r = prompt_input(p, def, prefill, check, &answer, err);
    if (r == 0)
        printf("answer: %s\n", answer);
    return r;
}

static int ask_select(const struct prompt *p, char **items, int n, struct err *err)
{
    size_t answer;
    int r = prompt_select(p, (const char *const *)items, (size_t)n, &answer, err);
    if (r == 0)
        printf("answer: %zu\n", answer);
    return r;
}

static int ask(const char *kind, const struct prompt *p, char **items, int n, struct err *err)
{
    if (strcmp(kind, "confirm") == 0)
        return ask_confirm(p, err);
    if (strcmp(kind, "input") == 0)
        return ask_input(p, err);
    return ask_select(p, items, n, err);
}

int main(int argc, char **argv)
{
    struct prompt p = {.question = "Question"};
    struct err err = ERR_INIT;
    const char *kind = argc > 1 ? argv[1] : "";
    int opt, r = 0, times = 1;
    optind = 2;
    while ((opt = getopt(argc, argv, "no:d:p:q:c:r:")) != -1) {
        if (opt == 'n')
            p.stdin_optional = true;
        else if (opt == 'o')
            p.option = optarg;
        else if (opt == 'd')
            def = optarg;
        else if (opt == 'p')
            prefill = optarg;
        else if (opt == 'q')
            p.question = optarg;
        else if (opt == 'r')
            times = atoi(optarg);
        else if (opt == 'c')
            check = cli_check_hostname;
        else
            return 2;
    }
    while (times-- > 0 && r == 0)
        r = ask(kind, &p, argv + optind, argc - optind, &err);
    if (r < 0)
        printf("error: %d %s\n", r, err.text);
    return r < 0;
}
