#include <sys/stat.h>
#include <time.h>

#include "innernet/fsutil.h"

/* Several times the longest tick of a kernel (10 ms). */
#define SETTLED_NS INT64_C(100000000)

static int64_t ns_since(const struct timespec *then)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t s = (int64_t)now.tv_sec - (int64_t)then->tv_sec;
    if (s > 1 || s < 0)
        return s < 0 ? 0 : INT64_MAX;
    return s * 1000000000 + now.tv_nsec - then->tv_nsec;
}

struct fs_stamp fs_stamp_take(const char *path)
{
    struct stat st;
    /* The time of the last status change follows every write and cannot be set by anybody. */
    if (stat(path, &st) < 0 || ns_since(&st.st_ctim) < SETTLED_NS)
        return FS_STAMP_INIT;
    return (struct fs_stamp){
        .device = st.st_dev,
        .inode = st.st_ino,
        .size = (uint64_t)st.st_size,
        .mtime_s = st.st_mtim.tv_sec,
        .mtime_ns = (uint32_t)st.st_mtim.tv_nsec,
        .ctime_s = st.st_ctim.tv_sec,
        .ctime_ns = (uint32_t)st.st_ctim.tv_nsec,
        .is_set = true,
    };
}

bool fs_stamp_equal(const struct fs_stamp *a, const struct fs_stamp *b)
{
    return a->is_set && b->is_set && a->device == b->device && a->inode == b->inode &&
           a->size == b->size && a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns &&
           a->ctime_s == b->ctime_s && a->ctime_ns == b->ctime_ns;
}
