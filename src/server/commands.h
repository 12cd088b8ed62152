#pragma once
/* The commands, one per file, and what they share. Source: spec/server.md part 6. */

#include "innernet/cli.h"
#include "innernet/config.h"
#include "innernet/err.h"
#include "registry.h"

/* Each returns the exit code. */
int cmd_new(const struct cli_args *args, void *user);
int cmd_uninstall(const struct cli_args *args, void *user);
int cmd_serve(const struct cli_args *args, void *user);
int cmd_add_peer(const struct cli_args *args, void *user);
int cmd_rename_peer(const struct cli_args *args, void *user);
int cmd_enable_peer(const struct cli_args *args, void *user);
int cmd_disable_peer(const struct cli_args *args, void *user);
int cmd_add_cidr(const struct cli_args *args, void *user);
int cmd_rename_cidr(const struct cli_args *args, void *user);
int cmd_delete_cidr(const struct cli_args *args, void *user);
int cmd_add_association(const struct cli_args *args, void *user);
int cmd_delete_association(const struct cli_args *args, void *user);
int cmd_list_peers(const struct cli_args *args, void *user);
int cmd_list_cidrs(const struct cli_args *args, void *user);
int cmd_list_associations(const struct cli_args *args, void *user);
extern const struct cli_option cmd_new_options[];

/* Where a network's files are. */
struct network_files {
    char *config;
    char *database;
};
void network_files_done(struct network_files *f);
#define CLEAN_NETWORK_FILES CLEANUP(network_files_done)
/* 0 or -ENOMEM. */
int network_files_init(struct network_files *f, const struct cli_args *args, const char *interface,
                       struct err *err);

/* Both files of the command's <interface> are there; otherwise the error says how networks are
 * made. */
int command_check_files(const struct cli_args *args, const struct network_files *files,
                        struct err *err);
/* Opens the database of the command's <interface>. */
int command_open_registry(const struct cli_args *args, struct registry *r, struct err *err);
/* The same for the configuration file. */
int command_load_config(const struct cli_args *args, struct server_config *ret, struct err *err);
/* Exit code for an outcome: the error goes to stderr. */
int command_exit(int outcome, const struct err *err);
/* --yes, or a question whose default is no; declining is told. */
int command_confirm(const struct cli_args *args, bool *ret, struct err *err, const char *question,
                    ...) PRINTF_LIKE(4, 5);
