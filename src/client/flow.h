#pragma once
/* Steps that the commands which ask questions share (spec/client.md part 6). */

#include <stdbool.h>
#include <stddef.h>

#include "api.h"
#include "client.h"
#include "innernet/cli.h"
#include "innernet/prompt.h"

/* An admin command's session with the server. */
struct admin {
    struct client_config config;
    struct api api;
};

int admin_open(const struct client *client, const char *interface, struct admin *ret,
               struct err *err);
void admin_close(struct admin *a);
#define CLEAN_ADMIN CLEANUP(admin_close)

/* The final question, default no; --yes answers it. Declining is logged. */
int flow_confirm(const struct cli_args *args, bool stdin_optional, bool *ret, struct err *err,
                 const char *question, ...) PRINTF_LIKE(5, 6);

/* The option's value, or else what is typed; caller frees *ret. */
int flow_input(const struct cli_args *args, const char *option, const char *question,
               const char *def, cli_check_fn check, char **ret, struct err *err);

/* A menu of some elements of an array. */
struct menu {
    char **items; /* owned */
    size_t *index;
    size_t n;
};

int menu_add(struct menu *m, size_t index, const char *fmt, ...) PRINTF_LIKE(3, 4);
void menu_done(struct menu *m);
#define CLEAN_MENU CLEANUP(menu_done)
/* *ret is the index that the chosen item was added with. -ENOENT for an empty menu. */
int menu_select(const struct menu *m, const char *question, const char *option, size_t *ret,
                struct err *err);
