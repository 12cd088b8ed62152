#pragma once
/* The client's grammar (spec/client.md part 5). */

#include "innernet/cli.h"

extern const struct cli_command client_commands[];
