#pragma once
/* The options of each command (spec/client.md 5.2, 5.3); groups that commands share are
 * in options.h, those that the server has too in innernet/cli_shared.h. */

#include "innernet/cli.h"

extern const struct cli_option client_global_options[];
extern const struct cli_option install_options[];
extern const struct cli_option show_options[];
extern const struct cli_option up_options[];
extern const struct cli_option listen_port_options[];
extern const struct cli_option endpoint_options[];
