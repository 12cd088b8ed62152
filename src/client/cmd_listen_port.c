#include <errno.h>
#include <stdio.h>

#include "commands.h"
#include "flow.h"
#include "innernet/log.h"
#include "output.h"
#include "settings.h"

#define PORT_DEFAULT 51820

static int choose_port(const struct cli_args *args, const struct client_config *config,
                       uint16_t *ret, struct err *err)
{
    CLEAN_FREE char *text = NULL;
    char def[8];
    snprintf(def, sizeof(def), "%u", config->has_listen_port ? config->listen_port : PORT_DEFAULT);
    int r = ask_text(args, "listen-port", "Listen port", def, cli_check_u16, &text, err);
    if (r == 0)
        *ret = (uint16_t)cli_u64(text);
    return r;
}

/* Only an interface that is up has a device to change; a bare one must not come into being (9.11).
 */
static int apply_port(const struct client *client, const char *interface, uint16_t port,
                      struct err *err)
{
    CLEAN_WG struct wg *wg = NULL;
    int r = wg_open(client->backend, &wg, err);
    if (r < 0)
        return r;
    if (!wg_exists(wg, interface)) {
        log_info("%s is not up: the port counts from the next time on", interface);
        return 0;
    }
    r = wg_set(wg, interface, &(struct wg_update){.has_listen_port = true, .listen_port = port},
               err);
    if (r < 0)
        return err_prefix(err, r, "%s", interface);
    log_info("The device listens on %s now", port ? "the new port" : "a random port");
    return 0;
}

static int confirm_port(const struct cli_args *args, bool set, uint16_t port, bool *ret,
                        struct err *err)
{
    if (set)
        return flow_confirm(args, true, ret, err, "Set listen port to %u?", port);
    return flow_confirm(args, true, ret, err, "Unset listen port?");
}

static int set_listen_port(const struct cli_args *args, const struct client *client,
                           struct err *err)
{
    CLEAN_SETTINGS struct settings s = SETTINGS_INIT;
    const char *interface = cli_positional(args, 0);
    bool set = !cli_given(args, "unset"), yes = false;
    uint16_t port = 0;
    int r = settings_open(client, interface, &s, err);
    if (r == 0 && set)
        r = choose_port(args, &s.config, &port, err);
    if (r < 0)
        return r;
    if (s.config.has_listen_port == set && (!set || s.config.listen_port == port)) {
        puts("No change necessary - listen port is already as wanted.");
        log_info("Nothing was changed");
        return 0;
    }
    r = confirm_port(args, set, port, &yes, err);
    if (r < 0 || !yes)
        return r;
    r = settings_begin(client, interface, &s, err);
    if (r == 0)
        r = apply_port(client, interface, port, err);
    if (r < 0)
        return r;
    s.config.has_listen_port = set;
    s.config.listen_port = port;
    r = settings_save(&s, err);
    if (r == 0)
        log_info("The listen port is saved to %s", s.path);
    return r;
}

int cmd_set_listen_port(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    return output_finish(set_listen_port(args, client, &err), &err);
}
