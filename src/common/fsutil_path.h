#pragma once
/* Paths of the folder and of temporary siblings of a file. Pure. NULL on allocation failure. */

/* The folder that holds `path`: ".", "/" or what stands before the last slash. */
char *fs_path_dir(const char *path);

#define FS_TEMP_SUFFIX ".tmp"

/* A template for mkostemps, ".<name>.XXXXXX.tmp" in the same folder: hidden, and with an ending of
 * its own, so that nobody who lists *.conf takes it for one. */
char *fs_path_temp_template(const char *path);
