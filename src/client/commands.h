#pragma once
/* The subcommands: each takes the parsed command line and the struct client, prints its own final
 * error, and returns the exit code. */

#include "client.h"
#include "innernet/cli.h"

int cmd_install(const struct cli_args *args, void *client);
int cmd_show(const struct cli_args *args, void *client);
int cmd_up(const struct cli_args *args, void *client);
int cmd_fetch(const struct cli_args *args, void *client);
int cmd_uninstall(const struct cli_args *args, void *client);
int cmd_down(const struct cli_args *args, void *client);
int cmd_add_peer(const struct cli_args *args, void *client);
int cmd_rename_peer(const struct cli_args *args, void *client);
int cmd_enable_peer(const struct cli_args *args, void *client);
int cmd_disable_peer(const struct cli_args *args, void *client);
int cmd_add_cidr(const struct cli_args *args, void *client);
int cmd_rename_cidr(const struct cli_args *args, void *client);
int cmd_delete_cidr(const struct cli_args *args, void *client);
int cmd_list_cidrs(const struct cli_args *args, void *client);
int cmd_add_association(const struct cli_args *args, void *client);
int cmd_delete_association(const struct cli_args *args, void *client);
int cmd_list_associations(const struct cli_args *args, void *client);
int cmd_set_listen_port(const struct cli_args *args, void *client);
int cmd_override_endpoint(const struct cli_args *args, void *client);
int cmd_override_peer_endpoint(const struct cli_args *args, void *client);
