#pragma once
/* Memory for the work on a large network. Its files, answers and dumps are a few megabytes each,
 * one after the other: giving each back to the kernel and getting the next page by page costs more
 * than reading them. */

#include <stddef.h>

/* Large blocks are kept for the next ones. To be called before anything is allocated. */
void heap_init(void);
/* A file of so many bytes is about to be read and worked on. When it is a large one, the memory
 * that takes is asked for in huge pages, once in the life of the process. A matter of time only:
 * what the kernel does not grant comes page by page. */
void heap_expect(size_t file_bytes);
