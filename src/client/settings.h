#pragma once
/* Changing an interface's own configuration, under its lock. */

#include "client.h"
#include "innernet/config.h"

struct settings {
    struct client_config config;
    char *path;
    int lock;
};

/* Reads the configuration, to ask questions about it. */
int settings_open(const struct client *client, const char *interface, struct settings *ret,
                  struct err *err);
/* Takes the lock and reads the configuration again, after the questions: nobody may have to wait
 * for somebody who thinks. What is changed from here on is saved. */
int settings_begin(const struct client *client, const char *interface, struct settings *s,
                   struct err *err);
/* Replaces the file atomically; its mode stays. */
int settings_save(const struct settings *s, struct err *err);
void settings_close(struct settings *s);
#define SETTINGS_INIT ((struct settings){.lock = -1})
#define CLEAN_SETTINGS CLEANUP(settings_close)
