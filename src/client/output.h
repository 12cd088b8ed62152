#pragma once
/* Results on stdout, in order with the log lines there. */

#include "innernet/buf.h"
#include "innernet/err.h"

/* Writes and flushes. -ENOMEM for a buffer that had failed, or the stream's errno. */
int output_write(const struct buf *text, struct err *err);
void output_blank_line(void);

/* The program's last words about a failure (spec/client.md 5.4): an empty line, "[E] message", an
 * empty line; hints about permissions go to stderr. Returns the exit code: 0 for r >= 0, else 1. */
int output_finish(int r, const struct err *err);
