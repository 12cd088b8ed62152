#pragma once
/* Reads a file of tests/data/golden whole. */

#include <stdio.h>

#include "innernet/buf.h"
#include "unit.h"

static inline void golden_read(const char *name, struct buf *out)
{
    char path[512], chunk[4096];
    snprintf(path, sizeof(path), "%s/golden/%s", TEST_DATA, name);
    FILE *file = fopen(path, "re");
    if (!file)
        fail_msg("cannot open %s", path);
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), file)) > 0;)
        buf_append(out, chunk, n);
    fclose(file);
    assert_false(out->failed);
    assert_true(out->len > 0);
}
