#include <errno.h>
#include <stdio.h>

#include "commands.h"
#include "flow.h"
#include "innernet/log.h"
#include "innernet/publicip.h"
#include "output.h"

struct override_run {
    const struct cli_args *args;
    struct admin session; /* any peer may do this */
    bool unspecified_ok;  /* the server takes 0.0.0.0 */
};

static int ask(const char *question, bool *ret, struct err *err)
{
    return prompt_confirm(
        &(struct prompt){.question = question, .option = "--endpoint", .stdin_optional = true},
        PROMPT_NO_DEFAULT, ret, err);
}

/* The address part of the prefilled text; family IP_NONE for none. */
static int choose_ip(const struct override_run *run, struct ip *ret, struct err *err)
{
    bool yes = false;
    int r = 0;
    *ret = (struct ip){0};
    if (run->unspecified_ok) {
        log_info("With the all-zero address 0.0.0.0 the server keeps using the address it sees, "
                 "and only the port is overridden: right when the address changes now and then");
        r = ask("Use the all-zero address, and override the port only?", &yes, err);
        if (r < 0)
            return r;
        if (yes) {
            ret->family = IP_V4;
            return 0;
        }
    }
    r = ask("Auto-detect the external IP address (by a DNS query to 9.9.9.9)?", &yes, err);
    if (r < 0 || !yes)
        return r;
    struct err cause = ERR_INIT;
    if (publicip_detect(ret, &cause) < 0) {
        *ret = (struct ip){0};
        log_warn("%s", cause.text);
    }
    return 0;
}

static int type_endpoint(const struct override_run *run, char **ret, struct err *err)
{
    struct ip ip;
    CLEAN_FREE char *prefill = NULL;
    int r = choose_ip(run, &ip, err);
    if (r < 0)
        return r;
    if (ip.family != IP_NONE) {
        struct endpoint ep = {.ip = ip, .port = run->session.config.listen_port};
        prefill = endpoint_text(&ep);
    }
    return prompt_input(&(struct prompt){.question = "External endpoint", .option = "--endpoint"},
                        NULL, prefill, cli_check_endpoint, ret, err);
}

static int choose_endpoint(const struct override_run *run, struct endpoint *ret, struct err *err)
{
    CLEAN_FREE char *typed = NULL;
    const char *text = cli_value(run->args, "endpoint");
    int r = 0;
    if (!text) {
        r = type_endpoint(run, &typed, err);
        text = typed;
    }
    if (r == 0)
        r = endpoint_parse(text, ret, err);
    if (r < 0)
        return r;
    if (endpoint_is_unspecified(ret) && !run->unspecified_ok)
        return err_set(err, -EINVAL,
                       "the server is too old for the all-zero address; give the real one");
    return 0;
}

static int put(struct override_run *run, const struct endpoint *ep, struct err *err)
{
    log_info("Requesting the endpoint override");
    int r = api_put_endpoint(&run->session.api, ep, err);
    if (r == 0)
        log_info(endpoint_is_set(ep) ? "The endpoint override is set"
                                     : "The endpoint override is unset");
    return r;
}

static int unset(struct override_run *run, struct err *err)
{
    struct endpoint none = ENDPOINT_INIT;
    bool yes = false;
    int r = flow_confirm(run->args, false, &yes, err,
                         "Unset the external endpoint to enable automatic endpoint discovery?");
    return r < 0 || !yes ? r : put(run, &none, err);
}

static int set(struct override_run *run, struct err *err)
{
    CLEAN_ENDPOINT struct endpoint ep = ENDPOINT_INIT;
    CLEAN_FREE char *text = NULL;
    bool yes = false;
    int r = api_get_capabilities(&run->session.api, &run->unspecified_ok, err);
    if (r < 0)
        return r;
    if (!run->session.config.has_listen_port)
        return err_set(err, -EINVAL,
                       "an endpoint makes sense with a fixed listen port only; set one first with: "
                       "innernet set-listen-port %s",
                       cli_positional(run->args, 0));
    r = choose_endpoint(run, &ep, err);
    if (r < 0)
        return r;
    text = endpoint_text(&ep);
    if (!text)
        return err_set(err, -ENOMEM, "out of memory");
    r = flow_confirm(run->args, false, &yes, err, "Set external endpoint to %s?", text);
    return r < 0 || !yes ? r : put(run, &ep, err);
}

int cmd_override_endpoint(const struct cli_args *args, void *client)
{
    struct err err = ERR_INIT;
    struct override_run run = {.args = args};
    int r = admin_open(client, cli_positional(args, 0), &run.session, &err);
    if (r == 0)
        r = cli_given(args, "unset") ? unset(&run, &err) : set(&run, &err);
    admin_close(&run.session);
    return output_finish(r, &err);
}
