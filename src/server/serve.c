#include "serve.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "clock.h"
#include "innernet/log.h"
#include "innernet/netif.h"
#include "innernet/version.h"
#include "listener.h"
#include "notify.h"

/* Of open files: connections are files. As many as we may, but tables of them cost memory. */
#define FILES_WANTED 65536

static int64_t own_peer_id(const struct server *s)
{
    const struct peer *p = model_find_peer_by_ip(&s->registry.model, &s->config.address);
    return p ? p->id : 0;
}

static int check_own_peer(const struct server *s, struct err *err)
{
    char ip[IP_TEXT_MAX];
    int64_t id = own_peer_id(s);
    if (id == 0)
        return err_set(err, -ENOENT,
                       "the database %s has no peer with the server's address %s; "
                       "does it belong to the configuration %s?",
                       s->options->database_path, ip_format(&s->config.address, ip),
                       s->options->config_path);
    if (!key_equal(&model_find_peer(&s->registry.model, id)->public_key, &s->registry.own_key))
        log_warn("the server's key in the database is not that of %s: invited peers will not "
                 "reach this server",
                 s->options->config_path);
    return 0;
}

/* Sweeping comes first, so that dead invitations do not get onto the device (D5). */
static int open_files(struct server *s, struct err *err)
{
    size_t n_swept;
    int r = server_config_load(s->options->config_path, &s->config, err);
    if (r == 0)
        r = registry_open(&s->registry, s->options->database_path, err);
    if (r < 0)
        return r;
    s->registry.own_key = key_public(&s->config.private_key);
    r = registry_sweep(&s->registry, clock_now().tv_sec, &n_swept, err);
    if (r < 0)
        return r;
    if (n_swept > 0)
        log_info("deleted %zu expired invitations", n_swept);
    return check_own_peer(s, err);
}

/* Lists of all peers come and go. With a fixed threshold they lie outside of the heap and leave no
 * holes in it. */
#define MMAP_FROM (128 * 1024)

/* Only after the device is up: a userspace implementation inherits signal mask and limits. */
static void prepare_process(void)
{
    sigset_t signals;
    struct rlimit files;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < FILES_WANTED) {
        files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max : FILES_WANTED;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static void start_keeper(struct server *s)
{
    s->keeper = (struct keeper){
        .wg = s->wg,
        .resolver = s->resolver,
        .model = &s->registry.model,
        .endpoints = &s->endpoints,
        .interface = s->options->interface,
        .private_key = s->config.private_key,
        .listen_port = s->config.listen_port,
        .self = {.public_key = s->registry.own_key, .ip = s->config.address},
    };
    keeper_run(&s->keeper, clock_now().tv_sec);
}

/* Other hosts need the server's local addresses as much as a peer's. */
static int store_candidates(struct server *s, struct err *err)
{
    struct ip ips[CANDIDATES_REPORT_MAX];
    struct endpoint candidates[CANDIDATES_REPORT_MAX];
    size_t n;
    const struct network own = {.addr = s->config.address, .prefix = s->config.network_cidr_prefix};
    int r = netif_candidates(s->options->interface, &own, 1, ips, ARRAY_SIZE(ips), &n, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++)
        candidates[i] = (struct endpoint){.ip = ips[i], .port = s->config.listen_port};
    r = registry_set_candidates(&s->registry, own_peer_id(s), candidates, n, err);
    if (r == 0)
        log_info("%zu local candidate addresses", n);
    return r;
}

/* From here on nothing is written in this thread. */
static int start_writing(struct server *s, struct err *err)
{
    int r = worker_new(&s->worker, err);
    return r < 0 ? r
                 : writer_open(&s->writer, &s->registry, s->worker, s->options->database_path, err);
}

static void connect_api(struct server *s)
{
    snapshot_init(&s->snapshot, &s->registry.model, &s->endpoints);
    s->api = (struct api){
        .registry = &s->registry,
        .writer = &s->writer,
        .snapshot = &s->snapshot,
        .server_key = s->registry.own_key,
        .device = &serve_device,
        .device_user = s,
        .now = clock_now,
    };
    s->hosts = (struct hosts_writer){
        .path = s->options->hosts_path,
        .interface = s->options->interface,
        .suffix = s->options->host_suffix,
        .model = &s->registry.model,
        .worker = s->worker,
    };
}

static int listen_and_serve(struct server *s, struct err *err)
{
    int r = listener_open(s->options->interface, &s->config.address, s->config.listen_port,
                          &s->listen_fd, err);
    if (r == 0)
        r = http_new(&s->api, s->listen_fd, &s->http, err);
    if (r == 0)
        r = serve_loop_open(s, err);
    if (r < 0)
        return r;
    log_info("innernet-server %s serves %s", INNERNET_VERSION, s->options->interface);
    notify_send("READY=1");
    return serve_loop_run(s, err);
}

static int run(struct server *s, struct err *err)
{
    int r = open_files(s, err);
    if (r == 0)
        r = wg_open(s->options->network.backend, &s->wg, err);
    if (r == 0)
        r = serve_interface_up(s, err);
    if (r < 0)
        return r;
    prepare_process();
    r = resolver_new(&s->resolver, err);
    if (r < 0)
        return r;
    start_keeper(s);
    r = store_candidates(s, err);
    if (r == 0)
        r = start_writing(s, err);
    if (r < 0)
        return r;
    connect_api(s);
    hosts_writer_run(&s->hosts);
    worker_drain(s->worker);
    return listen_and_serve(s, err);
}

static void shut_down(struct server *s)
{
    worker_free(s->worker); /* finishes what was accepted, so it needs all the rest */
    serve_loop_close(s);
    http_free(s->http);
    writer_close(&s->writer);
    snapshot_done(&s->snapshot);
    keeper_done(&s->keeper);
    endpoints_done(&s->endpoints);
    resolver_free(s->resolver);
    wg_free(s->wg);
    registry_close(&s->registry);
    server_config_done(&s->config);
}

int serve_run(const struct serve_options *options, struct err *err)
{
    mallopt(M_MMAP_THRESHOLD, MMAP_FROM);
    mallopt(M_ARENA_MAX, 1); /* the threads beside the loop allocate little */
    struct server s = {
        .options = options, .epoll_fd = -1, .tick_fd = -1, .switch_fd = -1, .signal_fd = -1};
    int r = run(&s, err);
    shut_down(&s);
    return r;
}
