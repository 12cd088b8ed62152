#pragma once
/* Results on stdout. */

#include "innernet/buf.h"
#include "innernet/err.h"

/* Writes and flushes. -ENOMEM for a buffer that had failed, or the stream's errno. */
int print_text(const struct buf *text, struct err *err);
