#pragma once
/* What goes to stdout beside the log lines there. */

#include "innernet/err.h"
#include "innernet/print.h"

void output_blank_line(void);

/* The program's last words about a failure (spec/client.md 5.4): an empty line, "[E] message", an
 * empty line; hints about permissions go to stderr. Returns the exit code: 0 for r >= 0, else 1. */
int output_finish(int r, const struct err *err);
