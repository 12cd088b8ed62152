#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "innernet/log.h"
#include "prompt_internal.h"

static int fail_no_terminal(const struct prompt *p, const char *what, struct err *err)
{
    char question[PROMPT_TEXT_MAX];
    log_safe(p->question, question, sizeof(question));
    if (p->option)
        return err_set(err, -ENOTTY, "cannot ask \"%s\": %s; answer it with %s", question, what,
                       p->option);
    return err_set(err, -ENOTTY, "cannot ask \"%s\": %s; run this in a terminal", question, what);
}

/* Both only look at the environment once per question, so tests and users see changes at once. */
static bool is_dumb(void)
{
    const char *term = getenv("TERM");
    return !term || !term[0] || strcmp(term, "dumb") == 0;
}

/* spec/client.md 5.6, last paragraph; stderr is known to be a terminal. */
static bool wants_color(void)
{
    const char *force = getenv("CLICOLOR_FORCE");
    const char *choice = getenv("CLICOLOR");
    if (force && strcmp(force, "0") != 0)
        return true;
    return !getenv("NO_COLOR") && !is_dumb() && !(choice && strcmp(choice, "0") == 0);
}

static int open_signals(struct prompt_term *t, struct err *err)
{
    static const int wanted[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
        sigaddset(&set, wanted[i]);
    t->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (t->signal_fd < 0)
        return err_set_os(err, -errno, "cannot watch signals");
    int r = pthread_sigmask(SIG_BLOCK, &set, &t->old_mask);
    if (r != 0) {
        close(take_fd(&t->signal_fd));
        return err_set_os(err, -r, "cannot block signals");
    }
    return 0;
}

static int open_keys(struct prompt_term *t, struct err *err)
{
    if (!isatty(STDERR_FILENO))
        return fail_no_terminal(t->prompt, "stderr is not a terminal", err);
    if (isatty(STDIN_FILENO)) {
        t->in_fd = STDIN_FILENO;
    } else {
        if (!t->prompt->stdin_optional)
            return fail_no_terminal(t->prompt, "stdin is not a terminal", err);
        t->in_fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
        if (t->in_fd < 0)
            return fail_no_terminal(t->prompt, "there is no terminal", err);
    }
    if (tcgetattr(t->in_fd, &t->saved) == 0)
        return 0;
    int r = -errno;
    if (t->in_fd != STDIN_FILENO)
        close(t->in_fd);
    return err_set_os(err, r, "cannot read the terminal's settings");
}

int prompt_term_open(struct prompt_term *t, const struct prompt *p, struct err *err)
{
    *t = (struct prompt_term){.prompt = p, .signal_fd = -1, .in_fd = -1};
    int r = open_keys(t, err);
    if (r < 0)
        return r;
    r = open_signals(t, err);
    if (r < 0) {
        if (t->in_fd != STDIN_FILENO)
            close(t->in_fd);
        return r;
    }
    /* Keys are UTF-8 whatever the environment says; the rest of the program stays in "C". */
    t->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (t->utf8)
        t->old_locale = uselocale(t->utf8);
    t->color = wants_color();
    t->moves = !is_dumb();
    fflush(stdout);
    return 0;
}

int prompt_term_close(struct prompt_term *t, int r)
{
    tcsetattr(t->in_fd, TCSADRAIN, &t->saved);
    if (t->in_fd != STDIN_FILENO)
        close(t->in_fd);
    if (t->utf8) {
        uselocale(t->old_locale);
        freelocale(t->utf8);
    }
    close(t->signal_fd);
    if (r < 0 && t->drawn)
        fputc('\n', stderr);
    if (t->caught)
        signal(t->caught, SIG_DFL);
    pthread_sigmask(SIG_SETMASK, &t->old_mask, NULL);
    if (t->caught)
        raise(t->caught);
    return r;
}

int prompt_term_raw(struct prompt_term *t, struct err *err)
{
    struct termios raw = t->saved;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    raw.c_iflag |= ICRNL;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(t->in_fd, TCSADRAIN, &raw) < 0)
        return err_set_os(err, -errno, "cannot set up the terminal");
    return 0;
}

/* 0 when it was nothing to act on. */
static int take_signal(struct prompt_term *t)
{
    struct signalfd_siginfo info;
    if (read(t->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return 0;
    if (info.ssi_signo == SIGTSTP)
        return 0; /* stopping half-way through a question helps nobody */
    if (info.ssi_signo == SIGWINCH)
        return -ESTALE;
    t->caught = (int)info.ssi_signo;
    return -EINTR;
}

int prompt_term_byte(struct prompt_term *t, int timeout_ms, unsigned char *ret)
{
    struct pollfd fds[] = {{.fd = t->signal_fd, .events = POLLIN},
                           {.fd = t->in_fd, .events = POLLIN}};
    for (;;) {
        int n = poll(fds, ARRAY_SIZE(fds), timeout_ms);
        if (n == 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -EIO;
        if (n < 0)
            continue;
        int r = fds[0].revents ? take_signal(t) : 0;
        if (r < 0)
            return r;
        if (!fds[1].revents)
            continue;
        ssize_t got = read(t->in_fd, ret, 1);
        if (got == 1)
            return 1;
        if (got == 0 || (errno != EINTR && errno != EAGAIN))
            return -EIO;
    }
}

int prompt_term_fail(const struct prompt_term *t, int r, struct err *err)
{
    char question[PROMPT_TEXT_MAX];
    log_safe(t->prompt->question, question, sizeof(question));
    if (r == -EIO)
        return err_set(err, r, "the terminal was closed at the question \"%s\"", question);
    if (r == -EINTR)
        return err_set(err, r, "interrupted at the question \"%s\"", question);
    return err_set(err, r, "no answer was given to the question \"%s\"", question);
}
