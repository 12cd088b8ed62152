#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "innernet/config.h"
#include "innernet/log.h"
#include "innernet/name.h"
#include "innernet/prompt.h"
#include "output.h"
#include "redeem.h"
#include "stop.h"
#include "up_jobs.h"

#define FETCH_ATTEMPTS 3
#define FETCH_PAUSE_MS 1000

/* The name must be one that every other command takes (9.19); at the prompt it is asked again. */
static int choose_name(const struct cli_args *args, const struct client_config *invitation,
                       char **ret, struct err *err)
{
    const char *given =
        cli_given(args, "default-name") ? invitation->network_name : cli_value(args, "name");
    if (!given)
        return prompt_input(&(struct prompt){.question = "Interface name",
                                             .option = "--name",
                                             .stdin_optional = true},
                            invitation->network_name, NULL, cli_check_interface, ret, err);
    char safe[256];
    int r = name_check_interface(given, err);
    if (r < 0)
        return err_prefix(err, r, "interface name '%s'", log_safe(given, safe, sizeof(safe)));
    *ret = strdup(given);
    return *ret ? 0 : err_set(err, -ENOMEM, "out of memory");
}

/* The invitation is redeemed: a failing fetch is bad luck, no failure of the installation. */
static void first_fetch(const struct client *client, const char *interface,
                        const struct fetch_options *options)
{
    struct up run = {.client = client, .interface = interface, .options = options};
    struct err err = ERR_INIT;
    for (unsigned i = 0; i < FETCH_ATTEMPTS; i++) {
        err = ERR_INIT;
        if (up_once(&run, &err) == 0)
            return;
        stop_sleep_ms(FETCH_PAUSE_MS);
    }
    log_warn("The peers could not be fetched yet (%s). Try later: innernet up %s", err.text,
             interface);
}

/* Not being able to ask means to keep it. */
static int delete_invitation(const struct cli_args *args, const char *path, struct err *err)
{
    bool yes = cli_given(args, "delete-invite");
    if (!yes) {
        CLEAN_FREE char *question = NULL;
        if (asprintf(&question, "Delete the invitation file %s now? It is of no more use", path) <
            0)
            return err_set(err, -ENOMEM, "out of memory");
        int r = prompt_confirm(&(struct prompt){.question = question,
                                                .option = "--delete-invite",
                                                .stdin_optional = true},
                               PROMPT_DEFAULT_YES, &yes, err);
        if (r == -ENOTTY) {
            log_info("The invitation file %s is kept; it is of no more use", path);
            return 0;
        }
        if (r < 0)
            return r;
    }
    if (yes && unlink(path) < 0 && errno != ENOENT)
        return err_set_os(err, -errno, "%s", path);
    return 0;
}

static void say_goodbye(const char *interface)
{
    CLEAN_BUF struct buf text = BUF_INIT;
    paint(&text, SGR_DIM, "[*]");
    buf_puts(&text, " Done!\n\n    The network is installed as interface ");
    paint(&text, SGR_YELLOW, interface);
    buf_puts(&text, ".\n\n"
                    "    Peers' names are written to the hosts file ("
                    "/etc/hosts"
                    ") unless the commands are\n"
                    "    run with --no-write-hosts.\n\n"
                    "    The manual: man innernet, or innernet --help.\n\n"
                    "    To start it with the system, and to keep it up to date:\n\n");
    buf_printf(&text, "    systemctl enable --now innernet@%s\n\n", interface);
    if (!text.failed)
        fputs(text.data, stderr);
}

static int install(const struct cli_args *args, const struct client *client, struct err *err)
{
    CLEAN_CLIENT_CONFIG struct client_config config = {0};
    CLEAN_FETCH_OPTIONS struct fetch_options options = {0};
    CLEAN_FREE char *interface = NULL;
    const char *path = cli_positional(args, 0);
    int r = client_config_load(path, false, &config, err);
    if (r == 0)
        r = fetch_options_init(args, true, &options, err);
    if (r == 0)
        r = choose_name(args, &config, &interface, err);
    if (r == 0)
        r = redeem_invitation(client, interface, &config, err);
    if (r < 0)
        return r;
    first_fetch(client, interface, &options);
    r = delete_invitation(args, path, err);
    if (r == 0)
        say_goodbye(interface);
    return r;
}

int cmd_install(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(install(args, client, &err), &err);
}
