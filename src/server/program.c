#include "program.h"

#include <stdio.h>

#include "innernet/version.h"

int server_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts("innernet-server " INNERNET_VERSION);
    return 0;
}
