#pragma once
/* innernet-server as a whole: command table and dispatch. */

/* Runs the command line, returns the exit code (spec/server.md part 6). */
int server_main(int argc, char **argv);
