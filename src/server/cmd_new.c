#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "innernet/ask.h"
#include "innernet/config.h"
#include "innernet/fsutil.h"
#include "innernet/log.h"
#include "innernet/publicip.h"
#include "store.h"

#define PORT_DEFAULT "51820"
#define NETWORK_PREFILL "10.42.0.0/16"

const struct cli_option cmd_new_options[] = {
    {.name = "network-name",
     .kind = CLI_VALUE,
     .value_name = "NAME",
     .help = "Name of the network and of its interface, at most 15 characters",
     .check = cli_check_interface},
    {.name = "network-cidr",
     .kind = CLI_VALUE,
     .value_name = "CIDR",
     .help = "Address range of the whole network, for example 10.42.0.0/16",
     .check = cli_check_network},
    {.name = "external-endpoint",
     .kind = CLI_VALUE,
     .value_name = "HOST:PORT",
     .help = "Where peers reach this server from outside",
     .check = cli_check_endpoint,
     .conflicts = {"auto-external-endpoint"}},
    {.name = "auto-external-endpoint",
     .kind = CLI_FLAG,
     .help = "Ask Quad9's DNS for the public address and use it with the listen port"},
    {.name = "listen-port",
     .kind = CLI_VALUE,
     .value_name = "PORT",
     .help = "UDP port of WireGuard and TCP port of the API inside the network",
     .check = cli_check_u16},
    {0},
};

struct plan {
    char *name;
    struct network net;
    struct ip server_ip;
    uint16_t port;
    struct endpoint external;
    struct key private_key;
};

static void plan_done(struct plan *p)
{
    free(p->name);
    endpoint_done(&p->external);
    key_wipe(&p->private_key);
}

/* What an option's check lets through and a network cannot have: an error when it was an option, a
 * reason to ask again when it was typed. */

static int check_name(const char *text, struct err *err)
{
    if (strcmp(text, SERVER_NAME) == 0)
        return err_set(err, -EINVAL, "the name %s is reserved for the server; choose another",
                       SERVER_NAME);
    return cli_check_interface(text, err);
}

static int check_network(const char *text, struct err *err)
{
    struct network net;
    int r = network_parse(text, &net, err);
    if (r == 0 && net.prefix == ip_bits(&net.addr))
        return err_set(err, -EINVAL,
                       "a network of a single address has no room for peers; choose a larger CIDR");
    return r;
}

static int check_external(const char *text, struct err *err)
{
    CLEAN_ENDPOINT struct endpoint ep = {0};
    int r = endpoint_parse(text, &ep, err);
    if (r == 0 && endpoint_is_unspecified(&ep))
        return err_set(err, -EINVAL,
                       "the external endpoint must be an address or a name that peers can reach");
    return r;
}

static int ask_network(const struct cli_args *args, struct plan *p, struct err *err)
{
    CLEAN_FREE char *text = NULL;
    int r = ask_text(args, "network-name", "Network name", NULL, check_name, &p->name, err);
    if (r == 0)
        r = check_name(p->name, err);
    if (r < 0)
        return r;
    const char *given = cli_value(args, "network-cidr");
    if (!given) {
        const struct prompt q = {.question = "Network CIDR", .option = "--network-cidr"};
        r = prompt_input(&q, NULL, NETWORK_PREFILL, check_network, &text, err);
        if (r < 0)
            return r;
    }
    r = check_network(given ? given : text, err);
    if (r == 0)
        r = network_parse(given ? given : text, &p->net, err);
    if (r == 0)
        p->server_ip = network_first_assignable(&p->net);
    return r;
}

static int detect_endpoint(struct plan *p, struct err *err)
{
    struct ip ip;
    int r = publicip_detect(&ip, err);
    if (r < 0)
        return err_prefix(err, r, "cannot find out the public address; give --external-endpoint");
    p->external = (struct endpoint){.ip = ip, .port = p->port};
    if (endpoint_is_unspecified(&p->external))
        return err_set(err, -ENOENT,
                       "the resolver does not know the public address; give "
                       "--external-endpoint");
    return 0;
}

/* A detection that fails is no failure here: the person types the endpoint in. */
static int ask_endpoint(struct plan *p, struct err *err)
{
    CLEAN_FREE char *text = NULL;
    CLEAN_FREE char *prefill = NULL;
    bool detect = false;
    const struct prompt auto_q = {.question =
                                      "Detect the external address by a DNS query to 9.9.9.9?",
                                  .option = "--external-endpoint or --auto-external-endpoint"};
    int r = prompt_confirm(&auto_q, PROMPT_NO_DEFAULT, &detect, err);
    if (r < 0)
        return r;
    if (detect && detect_endpoint(p, NULL) == 0)
        prefill = endpoint_text(&p->external);
    endpoint_done(&p->external);
    const struct prompt q = {.question = "External endpoint", .option = "--external-endpoint"};
    r = prompt_input(&q, NULL, prefill, check_external, &text, err);
    return r < 0 ? r : endpoint_parse(text, &p->external, err);
}

static int ask_outside(const struct cli_args *args, struct plan *p, struct err *err)
{
    CLEAN_FREE char *port = NULL;
    int r = ask_text(args, "listen-port", "Listen port", PORT_DEFAULT, cli_check_u16, &port, err);
    if (r < 0)
        return r;
    p->port = (uint16_t)cli_u64(port);
    const char *given = cli_value(args, "external-endpoint");
    if (!given)
        return cli_given(args, "auto-external-endpoint") ? detect_endpoint(p, err)
                                                         : ask_endpoint(p, err);
    r = check_external(given, err);
    return r < 0 ? r : endpoint_parse(given, &p->external, err);
}

static int insert_rows(struct store *s, const struct plan *p, struct err *err)
{
    int64_t id;
    struct cidr root = {.name = p->name, .net = p->net};
    int r = store_insert_cidr(s, &root, &id, err);
    if (r < 0)
        return r;
    char server_name[] = SERVER_NAME;
    struct cidr server = {
        .name = server_name, .net = network_of_ip(&p->server_ip), .has_parent = true, .parent = id};
    r = store_insert_cidr(s, &server, &id, err);
    if (r < 0)
        return r;
    struct peer self = {.name = server_name,
                        .ip = p->server_ip,
                        .cidr_id = id,
                        .public_key = key_public(&p->private_key),
                        .endpoint = p->external,
                        .is_admin = true,
                        .is_redeemed = true};
    r = store_insert_peer(s, &self, &id, err);
    return r < 0 ? r : store_commit(s, err);
}

static int write_database(struct fs_new_file *file, const struct plan *p, struct err *err)
{
    CLEAN_STORE struct store *s = NULL;
    int r = store_create(file->temp_path, &s, err);
    return r < 0 ? r : insert_rows(s, p, err);
}

static int write_config(struct fs_new_file *file, const struct plan *p, struct err *err)
{
    struct buf text = BUF_INIT;
    CLEAN_SERVER_CONFIG struct server_config config = {.private_key = p->private_key,
                                                       .listen_port = p->port,
                                                       .address = p->server_ip,
                                                       .network_cidr_prefix = p->net.prefix};
    server_config_format(&config, &text);
    int r = text.failed ? err_set(err, -ENOMEM, "out of memory")
                        : fs_new_file_write(file, text.data, text.len, err);
    buf_wipe(&text);
    return r;
}

/* SQLite would roll a leftover journal back into the new database. */
static int check_no_journal(const char *database, struct err *err)
{
    CLEAN_FREE char *journal = NULL;
    if (asprintf(&journal, "%s-journal", database) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    if (access(journal, F_OK) == 0)
        return err_set(err, -EEXIST, "%s is left over from another database; remove it first",
                       journal);
    return 0;
}

static int publish_both(struct fs_new_file *config, struct fs_new_file *database, struct err *err)
{
    int r = fs_new_file_publish(database, err);
    if (r < 0)
        return r;
    r = fs_new_file_publish(config, err);
    if (r < 0)
        unlink(database->path);
    return r;
}

/* Both files are built under hidden names and appear complete or not at all (D11). */
static int create_files(const struct network_files *files, const struct plan *p, struct err *err)
{
    CLEAN_NEW_FILE struct fs_new_file config = {.fd = -1};
    CLEAN_NEW_FILE struct fs_new_file database = {.fd = -1};
    int r = fs_new_file_begin(&config, files->config, err);
    if (r == 0)
        r = fs_new_file_begin(&database, files->database, err);
    if (r == -EEXIST)
        return err_prefix(err, r, "the network \"%s\" exists already", p->name);
    if (r == 0)
        r = check_no_journal(files->database, err);
    if (r == 0)
        r = write_config(&config, p, err);
    if (r == 0)
        r = write_database(&database, p, err);
    return r < 0 ? r : publish_both(&config, &database, err);
}

static void tell_success(const struct plan *p, const struct network_files *files)
{
    printf("The network \"%s\" has been created but not started.\n"
           "Its database is %s.\n\n"
           "Next, give it a CIDR and a first peer, an admin:\n\n"
           "    innernet-server add-cidr %s\n"
           "    innernet-server add-peer %s\n\n"
           "and start it now and at every boot:\n\n"
           "    systemctl enable --now innernet-server@%s\n",
           p->name, files->database, p->name, p->name, p->name);
}

/* A folder that was made for nothing goes again; one with something in it stays by itself. */
static int create_in_folders(const struct cli_args *args, const struct network_files *files,
                             const struct plan *p, struct err *err)
{
    const char *const folders[] = {cli_global_value(args, "config-dir"),
                                   cli_global_value(args, "data-dir")};
    bool is_new[ARRAY_SIZE(folders)] = {0};
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(folders); i++) {
        is_new[i] = access(folders[i], F_OK) < 0;
        r = fs_ensure_dir(folders[i], err);
    }
    if (r == 0)
        r = create_files(files, p, err);
    for (size_t i = 0; r < 0 && i < ARRAY_SIZE(folders); i++)
        if (is_new[i])
            rmdir(folders[i]);
    return r;
}

static int create(const struct cli_args *args, struct plan *p, struct err *err)
{
    CLEAN_NETWORK_FILES struct network_files files = {0};
    puts("A new network: its name, its addresses, and where its server is reached.\n");
    fflush(stdout);
    int r = ask_network(args, p, err);
    if (r == 0)
        r = ask_outside(args, p, err);
    if (r == 0)
        r = network_files_init(&files, args, p->name, err);
    if (r < 0)
        return r;
    key_generate(&p->private_key);
    r = create_in_folders(args, &files, p, err);
    if (r == 0)
        tell_success(p, &files);
    return r;
}

int cmd_new(const struct cli_args *args, void *user)
{
    (void)user;
    struct err err = ERR_INIT;
    CLEANUP(plan_done) struct plan plan = {0};
    return command_exit(create(args, &plan, &err), &err);
}
