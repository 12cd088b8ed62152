#pragma once
/* The options of each command (spec/client.md 5.2, 5.3); groups that commands share by meaning are
 * in options.h. */

#include "innernet/cli.h"

extern const struct cli_option client_global_options[];
extern const struct cli_option yes_options[];
extern const struct cli_option install_options[];
extern const struct cli_option show_options[];
extern const struct cli_option up_options[];
extern const struct cli_option list_cidrs_options[];
extern const struct cli_option add_peer_options[];
extern const struct cli_option peer_name_options[];
extern const struct cli_option new_hostname_options[];
extern const struct cli_option yes_with_name_options[];
extern const struct cli_option add_cidr_options[];
extern const struct cli_option cidr_name_options[];
extern const struct cli_option new_cidr_name_options[];
extern const struct cli_option listen_port_options[];
extern const struct cli_option endpoint_options[];
