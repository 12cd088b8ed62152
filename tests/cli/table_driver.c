/* A program over the table that the unit tests of the command line use: `tool`. */

#include "cli_table_fixture.h"

int main(int argc, char **argv)
{
    return cli_main(&fixture_program, argc, argv, NULL, NULL);
}
