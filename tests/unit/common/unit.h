#pragma once
/* What every test file includes, in the order that cmocka asks for. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "innernet/util.h"

/* Like assert_true, and names the row of a table. */
#define assert_row(row, condition)                                                                 \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("row \"%s\": %s", (row), #condition);                                         \
    } while (0)

/* Text equality that names the row. */
#define assert_row_text(row, actual, expected)                                                     \
    do {                                                                                           \
        const char *actual_ = (actual);                                                            \
        if (!actual_ || strcmp(actual_, (expected)) != 0)                                          \
            fail_msg("row \"%s\": got \"%s\", expected \"%s\"", (row),                             \
                     actual_ ? actual_ : "(null)", (expected));                                    \
    } while (0)
