#pragma once
/* Leveled lines and colours. Line: "<prefix> <message>\n", prefixes [E] red, [!] yellow, [*]
 * dimmed, [D] blue, [T] magenta (spec/client.md 5.5). Messages come in one write. Control
 * characters other than '\n' and the escape sequences made by `paint` helpers never come from data:
 * callers escape untrusted text with log_safe(). A closed stdout ends the program quietly, as by
 * SIGPIPE, also where that signal is ignored; a closed stderr only loses the lines. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "innernet/buf.h"
#include "innernet/util.h"

enum log_level {
    LOG_LEVEL_OFF = -1,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_TRACE
};

/* Where log lines go and down to which level. Before log_init: stderr, LOG_LEVEL_WARN. Client:
 * stdout at info, debug with one -v, trace with more. Server: stderr, level from RUST_LOG
 * (spec/server.md part 6), warn when unset. */
void log_init(FILE *stream, enum log_level level);
bool log_enabled(enum log_level level);
/* Parses the filter words of RUST_LOG that matter: "error", "warn", "info", "debug", "trace",
 * "off", also as "target=level" and comma lists (the most verbose wins). Unknown or NULL:
 * `fallback`. */
enum log_level log_level_parse(const char *text, enum log_level fallback);

void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_trace(...) log_line(LOG_LEVEL_TRACE, __VA_ARGS__)

/* A line that strangers can trigger: at most `burst` lines in `period_s` seconds per limiter; the
 * next line let through tells how many were left out. Zero-initialise the struct, static storage.
 */
struct log_limit {
    uint64_t window_start_ms;
    unsigned in_window;
    unsigned suppressed;
};
void log_limited(struct log_limit *limit, unsigned burst, unsigned period_s, enum log_level level,
                 const char *fmt, ...) PRINTF_LIKE(5, 6);

/* Copies `text` into `out` with control characters (C0, DEL, and C1 in UTF-8) and bytes that are
 * not UTF-8 shown as \xNN, cut to fit between characters; returns out. For names and texts from
 * servers, files and devices. */
const char *log_safe(const char *text, char *out, size_t out_size);

/* Colours, decided once from stdout: CLICOLOR_FORCE set and not "0": on; else NO_COLOR set: off;
 * else on iff stdout is a terminal and CLICOLOR is not "0" (spec/client.md 5.6). */
bool color_enabled(void);
/* For tests: -1 decide from the environment again, 0 off, 1 on. */
void color_override(int mode);

/* SGR parameter texts for paint(): attributes first. */
#define SGR_BOLD "1"
#define SGR_DIM "2"
#define SGR_RED "31"
#define SGR_GREEN "32"
#define SGR_YELLOW "33"
#define SGR_BLUE "34"
#define SGR_MAGENTA "35"
#define SGR_CYAN "36"
#define SGR_BOLD_RED "1;31"
#define SGR_BOLD_GREEN "1;32"
#define SGR_BOLD_YELLOW "1;33"
#define SGR_BOLD_BLUE "1;34"
/* Appends `text` to `b`, wrapped in ESC[<sgr>m ... ESC[0m when colours are on (also around an empty
 * text). The text must already be safe. */
void paint(struct buf *b, const char *sgr, const char *text);
