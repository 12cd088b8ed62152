#pragma once
/* Small language helpers. Nothing here allocates, logs or returns for its caller. */

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define CLEANUP(fn) __attribute__((cleanup(fn)))

/* Moves a pointer out of a variable: evaluates to the old value, leaves NULL behind. Shows a
 * transfer of ownership at the place where it happens. */
#define TAKE_PTR(p)                                                                                \
    ({                                                                                             \
        __typeof__(p) *take_at_ = &(p);                                                            \
        __typeof__(p) take_value_ = *take_at_;                                                     \
        *take_at_ = NULL;                                                                          \
        take_value_;                                                                               \
    })

/* The same for a file descriptor: leaves -1 behind. */
static inline int take_fd(int *fd)
{
    int value = *fd;
    *fd = -1;
    return value;
}

static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* CLEAN_FREE char *text = NULL;  CLEAN_CLOSE int fd = -1; */
#define CLEAN_FREE CLEANUP(cleanup_free)
#define CLEAN_CLOSE CLEANUP(cleanup_close)
