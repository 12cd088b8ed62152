#include "heap.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCK_MAX ((size_t)32 << 20) /* the most that mallopt takes */
#define TOP_PAD (1 << 20)
#define LARGE_FILE ((size_t)1 << 20)
/* Text, tree, records and the device's copy of them, each about as large as the file or less. */
#define MEMORY_PER_BYTE 6

void heap_init(void)
{
    mallopt(M_MMAP_THRESHOLD, BLOCK_MAX);
    mallopt(M_TRIM_THRESHOLD, BLOCK_MAX);
    mallopt(M_TOP_PAD, TOP_PAD);
}

/* The block grows the heap and is given back to it: nothing is touched, but the next blocks lie in
 * its place. */
void heap_expect(size_t file_bytes)
{
    static bool is_done;
    if (is_done || file_bytes < LARGE_FILE)
        return;
    is_done = true;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size =
        file_bytes < BLOCK_MAX / MEMORY_PER_BYTE ? file_bytes * MEMORY_PER_BYTE : BLOCK_MAX - page;
    void *block = malloc(size);
    uintptr_t first = ((uintptr_t)block + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)block + size) / page * page;
    if (block)
        madvise((void *)first, end - first, MADV_HUGEPAGE);
    free(block);
}
