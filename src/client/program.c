#include "program.h"

#include <stdio.h>

#include "innernet/version.h"

int client_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts("innernet " INNERNET_VERSION);
    return 0;
}
