#pragma once
/* Changing an interface's own configuration, under its lock. */

#include "client.h"
#include "innernet/config.h"

struct settings {
    struct client_config config;
    char *path;
    int lock;
};

/* Takes the lock and reads the configuration. */
int settings_open(const struct client *client, const char *interface, struct settings *ret,
                  struct err *err);
/* Replaces the file atomically; its mode stays. */
int settings_save(const struct settings *s, struct err *err);
void settings_close(struct settings *s);
#define SETTINGS_INIT ((struct settings){.lock = -1})
#define CLEAN_SETTINGS CLEANUP(settings_close)
