#pragma once
/* innernet as a whole: command table and dispatch. */

/* Runs the command line, returns the exit code (spec/client.md 5.4). */
int client_main(int argc, char **argv);
