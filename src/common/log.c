#include "innernet/log.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "innernet/fsutil.h"
#include "utf8.h"

static struct {
    FILE *stream; /* NULL before log_init: stderr */
    enum log_level level;
} sink = {.level = LOG_LEVEL_WARN};

static const struct {
    const char *prefix;
    const char *sgr;
} marks[] = {
    [LOG_LEVEL_ERROR] = {"[E]", SGR_RED},     [LOG_LEVEL_WARN] = {"[!]", SGR_YELLOW},
    [LOG_LEVEL_INFO] = {"[*]", SGR_DIM},      [LOG_LEVEL_DEBUG] = {"[D]", SGR_BLUE},
    [LOG_LEVEL_TRACE] = {"[T]", SGR_MAGENTA},
};

void log_init(FILE *stream, enum log_level level)
{
    sink.stream = stream;
    sink.level = level;
}

bool log_enabled(enum log_level level)
{
    return level > LOG_LEVEL_OFF && level <= sink.level;
}

/* The reader of our results has gone. Dies as by SIGPIPE, whatever is set for that signal. */
static _Noreturn void die_of_closed_output(void)
{
    sigset_t pipe_only;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &pipe_only, NULL);
    raise(SIGPIPE);
    _exit(1);
}

/* Past the stream's buffer, so that a line is one write; what stands in the buffer goes first. */
static void emit(const struct buf *line)
{
    FILE *stream = sink.stream ? sink.stream : stderr;
    int fd = fileno(stream);
    int r = 0;
    flockfile(stream);
    if (fflush(stream) != 0)
        r = -errno;
    else if (fd >= 0)
        r = fs_write_all(fd, line->data, line->len);
    else
        fwrite(line->data, 1, line->len, stream);
    funlockfile(stream);
    /* a daemon that logs to stderr outlives the reader of its log */
    if (r == -EPIPE && fd == STDOUT_FILENO)
        die_of_closed_output();
}

static void log_text(enum log_level level, const char *text)
{
    CLEAN_BUF struct buf line = BUF_INIT;
    paint(&line, marks[level].sgr, marks[level].prefix);
    buf_putc(&line, ' ');
    buf_puts(&line, text);
    buf_putc(&line, '\n');
    if (!line.failed)
        emit(&line);
}

static void log_va(enum log_level level, unsigned left_out, const char *fmt, va_list args)
    PRINTF_LIKE(3, 0);

static void log_va(enum log_level level, unsigned left_out, const char *fmt, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, fmt, args) < 0)
        return;
    CLEAN_BUF struct buf message = BUF_INIT;
    buf_puts(&message, text);
    free(text);
    if (left_out)
        buf_printf(&message, " (%u similar messages left out)", left_out);
    if (!message.failed)
        log_text(level, message.data);
}

void log_line(enum log_level level, const char *fmt, ...)
{
    if (!log_enabled(level))
        return;
    va_list args;
    va_start(args, fmt);
    log_va(level, 0, fmt, args);
    va_end(args);
}

static uint64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void log_limited(struct log_limit *limit, unsigned burst, unsigned period_s, enum log_level level,
                 const char *fmt, ...)
{
    if (!log_enabled(level))
        return;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* limits are often static */
    uint64_t now = now_ms();
    pthread_mutex_lock(&lock);
    if (limit->in_window == 0 || now - limit->window_start_ms >= (uint64_t)period_s * 1000) {
        limit->window_start_ms = now;
        limit->in_window = 0;
    }
    bool leave_out = limit->in_window >= burst;
    unsigned left_out = limit->suppressed;
    limit->suppressed = leave_out ? left_out + 1 : 0;
    limit->in_window += !leave_out;
    pthread_mutex_unlock(&lock);
    if (leave_out)
        return;
    va_list args;
    va_start(args, fmt);
    log_va(level, left_out, fmt, args);
    va_end(args);
}

static bool word_is_level(const char *word, size_t len, enum log_level *ret)
{
    static const struct {
        const char *word;
        enum log_level level;
    } words[] = {{"off", LOG_LEVEL_OFF},   {"error", LOG_LEVEL_ERROR}, {"warn", LOG_LEVEL_WARN},
                 {"info", LOG_LEVEL_INFO}, {"debug", LOG_LEVEL_DEBUG}, {"trace", LOG_LEVEL_TRACE}};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (strlen(words[i].word) == len && strncasecmp(words[i].word, word, len) == 0) {
            *ret = words[i].level;
            return true;
        }
    }
    return false;
}

enum log_level log_level_parse(const char *text, enum log_level fallback)
{
    bool found = false;
    enum log_level best = LOG_LEVEL_OFF;
    while (text && *text) {
        size_t len = strcspn(text, ",");
        const char *equals = memrchr(text, '=', len);
        const char *word = equals ? equals + 1 : text;
        enum log_level level;
        if (word_is_level(word, len - (size_t)(word - text), &level)) {
            best = !found || level > best ? level : best;
            found = true;
        }
        text += len + (text[len] == ',');
    }
    return found ? best : fallback;
}

const char *log_safe(const char *text, char *out, size_t out_size)
{
    size_t left = strlen(text);
    size_t used = 0;
    while (left > 0) {
        uint32_t code = 0;
        size_t n = utf8_sequence(text, left, &code);
        bool raw = n > 0 && !utf8_is_control(code);
        size_t take = n > 0 ? n : 1;
        size_t need = raw ? take : 4 * take;
        if (used + need >= out_size)
            break;
        if (raw)
            memcpy(out + used, text, take);
        else
            for (size_t i = 0; i < take; i++)
                snprintf(out + used + 4 * i, 5, "\\x%02x", (unsigned char)text[i]);
        used += need;
        text += take;
        left -= take;
    }
    if (out_size > 0)
        out[used] = '\0';
    return out;
}
