#pragma once
/* The writing half of the hosts editor, apart so that tests can force each strategy. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "innernet/err.h"

/* malloc'ed template for mkostemp beside `path`; NULL on allocation failure. */
char *hosts_temp_template(const char *path);

/* True for the errors that leave only writing in place (spec/client.md 9.18). */
bool hosts_must_write_in_place(int rc);

/* Temp file with owner, mode and label of the original, fsync, rename, fsync of the folder. `st` is
 * the original's; NULL: there is none, the file is made 0644. */
int hosts_replace(const char *path, const struct stat *st, const void *data, size_t len,
                  struct err *err);

/* Overwrites; room for a longer text is taken beforehand, so that a full disk changes nothing. */
int hosts_overwrite(const char *path, const void *data, size_t len, struct err *err);
