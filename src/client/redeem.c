#include "redeem.h"

#include <errno.h>

#include "api.h"
#include "bring_up.h"
#include "innernet/fsutil.h"
#include "innernet/log.h"
#include "output.h"
#include "paths.h"
#include "stop.h"

#define KEY_SWITCH_WAIT_MS 5000

struct redeem {
    const struct client *client;
    const char *interface;
    struct client_config *config; /* the invitation's; after the switch ours */
    struct wg *wg;
    char *path;
    struct fs_new_file file; /* the configuration to be */
    bool created;            /* the device is ours to delete */
};

static int write_config(struct redeem *r, const struct key *private_key, struct err *err)
{
    struct buf text = BUF_INIT;
    r->config->private_key = *private_key;
    client_config_format(r->config, &text);
    int result = text.failed ? err_set(err, -ENOMEM, "%s - out of memory", r->path)
                             : fs_new_file_write(&r->file, text.data, text.len, err);
    buf_wipe(&text);
    return result;
}

/* Tells where the only copy of a key is that the server may know by now. */
static int keep_config(struct redeem *r, int code, struct err *err)
{
    log_warn("The server may have taken the new key already. The configuration with it is kept in "
             "%s: if the invitation does not work any more, rename that file to %s and run: "
             "innernet up %s",
             r->file.temp_path, r->path, r->interface);
    fs_new_file_keep(&r->file);
    return err_prefix(err, code, "%s", r->interface);
}

static int register_key(struct redeem *r, const struct key *public_key, struct err *err)
{
    CLEAN_API struct api api = {0};
    char server[SOCK_ADDR_TEXT_MAX];
    int code = api_open(NULL, r->config, &api, err);
    if (code < 0)
        return code;
    log_info("Registering the new key with the server at %s",
             sock_addr_format(&r->config->server_internal, server));
    code = api_redeem(&api, public_key, err);
    bool refused = api.last.class == REST_STATUS && api.last.status < 500;
    if (code < 0 && api.last.request_sent && !refused)
        return keep_config(r, code, err);
    return code;
}

static int publish_config(struct redeem *r, struct err *err)
{
    int code = fs_new_file_publish(&r->file, err);
    if (code < 0)
        return keep_config(r, code, err);
    log_info("The configuration is saved to %s", r->path);
    output_blank_line();
    return 0;
}

static int switch_keys(struct redeem *r, struct err *err)
{
    log_info("Switching to the new key; waiting 5 seconds for the server to do the same");
    struct wg_update update = {.has_private_key = true, .private_key = r->config->private_key};
    int code = wg_set(r->wg, r->interface, &update, err);
    key_wipe(&update.private_key);
    if (code < 0)
        return err_prefix(err, code, "%s: the new key", r->interface);
    stop_sleep_ms(KEY_SWITCH_WAIT_MS);
    return 0;
}

static int exchange_keys(struct redeem *r, struct err *err)
{
    CLEAN_KEY struct key private_key;
    log_info("Generating a key pair");
    key_generate(&private_key);
    struct key public_key = key_public(&private_key);
    int code = write_config(r, &private_key, err);
    if (code == 0)
        code = register_key(r, &public_key, err);
    if (code == 0)
        code = publish_config(r, err);
    if (code == 0)
        code = switch_keys(r, err);
    return code;
}

static void roll_back(struct redeem *r, const struct err *cause)
{
    struct err err = ERR_INIT;
    log_error("The key could not be registered: %s", cause->text);
    if (!r->created)
        return;
    log_info("Bringing down interface %s", r->interface);
    if (wg_delete(r->wg, r->interface, &err) < 0)
        log_warn("%s could not be deleted: %s", r->interface, err.text);
}

static int redeem(struct redeem *r, struct err *err)
{
    int code = fs_ensure_dir(r->client->config_dir, err);
    if (code < 0)
        return code;
    code = fs_new_file_begin(&r->file, r->path, err);
    if (code == -EEXIST)
        return err_set(err, code,
                       "an interface %s is installed already (%s exists); choose another name with "
                       "--name, or remove the old one with: innernet uninstall %s",
                       r->interface, r->path, r->interface);
    if (code < 0)
        return code;
    if (wg_exists(r->wg, r->interface))
        return err_set(
            err, -EEXIST,
            "there is a WireGuard interface %s already; choose another name with --name, "
            "or delete it with: innernet down %s",
            r->interface, r->interface);
    log_info("Bringing up interface %s", r->interface);
    struct sock_addr server;
    code = bring_up_resolve(r->config, NULL, &server, err);
    if (code == 0)
        code = bring_up(r->client, r->wg, r->interface, r->config, &server, &r->created, err);
    if (code < 0)
        return code;
    code = exchange_keys(r, err);
    if (code < 0)
        roll_back(r, err);
    return code;
}

int redeem_invitation(const struct client *client, const char *interface,
                      struct client_config *invitation, struct err *err)
{
    CLEAN_CLOSE int lock = -1;
    struct redeem r = {
        .client = client, .interface = interface, .config = invitation, .file = {.fd = -1}};
    int code = paths_lock(client, interface, &lock, err);
    if (code < 0)
        return code;
    r.path = paths_config(client, interface);
    code = r.path ? wg_open(client->backend, &r.wg, err)
                  : err_set(err, -ENOMEM, "%s - out of memory", interface);
    if (code == 0)
        code = redeem(&r, err);
    fs_new_file_done(&r.file);
    wg_free(r.wg);
    free(r.path);
    return code;
}
