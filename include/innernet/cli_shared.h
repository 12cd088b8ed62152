#pragma once
/* Arguments that both programs have, written down once: a command means the same on either side
 * (spec/client.md 5.2, 5.3; spec/server.md part 6). For the tables of cli.h. */

#include "innernet/cli.h"

/* A command's list of option arrays. */
#define CLI_OPTIONS(...) ((const struct cli_option *const[]){__VA_ARGS__, NULL})

/* For option arrays that begin with the program's folders: -c/--config-dir and -d/--data-dir. */
#define CLI_FOLDER_OPTIONS(config_default, data_default)                                           \
    {.name = "config-dir",                                                                         \
     .short_name = 'c',                                                                            \
     .kind = CLI_VALUE,                                                                            \
     .value_name = "PATH",                                                                         \
     .help = "Folder of the networks' configuration files",                                        \
     .default_value = (config_default),                                                            \
     .hint = CLI_HINT_DIR},                                                                        \
    {                                                                                              \
        .name = "data-dir", .short_name = 'd', .kind = CLI_VALUE, .value_name = "PATH",            \
        .help = "Folder of the networks' data", .default_value = (data_default),                   \
        .hint = CLI_HINT_DIR                                                                       \
    }

/* For arrays as well: --no-routing, --backend and --mtu. */
#define CLI_NETWORK_OPTIONS                                                                        \
    {.name = "no-routing",                                                                         \
     .kind = CLI_FLAG,                                                                             \
     .help = "Add no route to the network when bringing its interface up"},                        \
        {.name = "backend",                                                                        \
         .kind = CLI_VALUE,                                                                        \
         .value_name = "BACKEND",                                                                  \
         .help = "Which WireGuard to use. Without it: that of the existing device, else the "      \
                 "kernel's, else a userspace implementation that is installed",                    \
         .choices = cli_backends},                                                                 \
    {                                                                                              \
        .name = "mtu", .kind = CLI_VALUE, .value_name = "MTU",                                     \
        .help = "MTU of the interface, 1280 if not given", .check = cli_check_u32                  \
    }

extern const char *const cli_backends[]; /* words that wg_backend_parse knows */

extern const struct cli_positional cli_interface[];           /* required */
extern const struct cli_positional cli_interface_and_cidrs[]; /* interface, [CIDR1], [CIDR2] */

extern const struct cli_option cli_hosts_options[];       /* --hosts-path, --no-write-hosts */
extern const struct cli_option cli_host_suffix_options[]; /* --host-suffix */
extern const struct cli_option cli_yes_options[];
extern const struct cli_option cli_yes_with_name_options[]; /* --yes only together with --name */
extern const struct cli_option cli_new_peer_options[];  /* all of add-peer, as new_record.h reads */
extern const struct cli_option cli_peer_name_options[]; /* --name of a peer */
extern const struct cli_option cli_new_peer_name_options[]; /* --new-name */
extern const struct cli_option cli_new_cidr_options[];      /* add-cidr but for --yes */
extern const struct cli_option cli_cidr_name_options[];     /* --name of a CIDR */
extern const struct cli_option cli_new_cidr_name_options[]; /* --new-name, any text */
extern const struct cli_option cli_list_cidrs_options[];    /* -t/--tree */

/* The commands that manage a network's records, for a program that has a cmd_* function for each.
 * `program` is its name as a string literal. */
#define CLI_MANAGING_COMMANDS(program)                                                             \
    {.name = "add-peer",                                                                           \
     .summary = "Add a peer, and write its invitation",                                            \
     .example = program " add-peer evilcorp --name laptop --cidr humans --auto-ip "                \
                        "--admin false --invite-expires 14d --save-config laptop.toml --yes",      \
     .positionals = cli_interface,                                                                 \
     .options = CLI_OPTIONS(cli_new_peer_options),                                                 \
     .run = cmd_add_peer},                                                                         \
        {.name = "rename-peer",                                                                    \
         .summary = "Rename a peer",                                                               \
         .example = program " rename-peer evilcorp --name laptop --new-name workstation --yes",    \
         .positionals = cli_interface,                                                             \
         .options =                                                                                \
             CLI_OPTIONS(cli_peer_name_options, cli_new_peer_name_options, cli_yes_options),       \
         .run = cmd_rename_peer},                                                                  \
        {.name = "add-cidr",                                                                       \
         .summary = "Add a CIDR, a range of addresses for peers",                                  \
         .positionals = cli_interface,                                                             \
         .options = CLI_OPTIONS(cli_new_cidr_options, cli_yes_options),                            \
         .run = cmd_add_cidr},                                                                     \
        {.name = "rename-cidr",                                                                    \
         .summary = "Rename a CIDR",                                                               \
         .example = program " rename-cidr evilcorp --name humans --new-name people --yes",         \
         .positionals = cli_interface,                                                             \
         .options =                                                                                \
             CLI_OPTIONS(cli_cidr_name_options, cli_new_cidr_name_options, cli_yes_options),       \
         .run = cmd_rename_cidr},                                                                  \
        {.name = "delete-cidr",                                                                    \
         .summary = "Delete a CIDR that nobody is in",                                             \
         .positionals = cli_interface,                                                             \
         .options = CLI_OPTIONS(cli_cidr_name_options, cli_yes_options),                           \
         .run = cmd_delete_cidr},                                                                  \
        {.name = "list-cidrs",                                                                     \
         .summary = "List CIDRs",                                                                  \
         .positionals = cli_interface,                                                             \
         .options = CLI_OPTIONS(cli_list_cidrs_options),                                           \
         .run = cmd_list_cidrs},                                                                   \
        {.name = "disable-peer",                                                                   \
         .summary = "Disable an enabled peer",                                                     \
         .positionals = cli_interface,                                                             \
         .options = CLI_OPTIONS(cli_peer_name_options, cli_yes_with_name_options),                 \
         .run = cmd_disable_peer},                                                                 \
        {.name = "enable-peer",                                                                    \
         .summary = "Enable a disabled peer",                                                      \
         .positionals = cli_interface,                                                             \
         .options = CLI_OPTIONS(cli_peer_name_options, cli_yes_with_name_options),                 \
         .run = cmd_enable_peer},                                                                  \
        {.name = "add-association",                                                                \
         .summary = "Let the peers of two CIDRs see each other",                                   \
         .positionals = cli_interface_and_cidrs,                                                   \
         .options = CLI_OPTIONS(cli_yes_options),                                                  \
         .run = cmd_add_association},                                                              \
        {.name = "delete-association",                                                             \
         .summary = "Take an association of two CIDRs back",                                       \
         .positionals = cli_interface_and_cidrs,                                                   \
         .options = CLI_OPTIONS(cli_yes_options),                                                  \
         .run = cmd_delete_association},                                                           \
    {                                                                                              \
        .name = "list-associations", .summary = "List associations of CIDRs",                      \
        .positionals = cli_interface, .run = cmd_list_associations                                 \
    }
