/* wg-standin IFNAME: stands in for a userspace WireGuard where a test needs no cryptography. It
 * makes a veth pair, one end under the interface's name, and speaks the configuration protocol on
 * /var/run/wireguard/IFNAME.sock from memory. See README.md beside this file. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "connection.h"
#include "device.h"
#include "veth.h"

#define FOLDER "/var/run/wireguard"
#define CONNECTIONS_MAX 64
#define LOOK_AGAIN_MS 1000

struct standin {
    struct device device;
    unsigned link;
    struct sockaddr_un address;
    ino_t socket_inode;
    int listen_fd;
    int watch_fd;
    struct connection *connections[CONNECTIONS_MAX];
    size_t n_connections;
};

static volatile sig_atomic_t is_ended;

static void on_signal(int number)
{
    (void)number;
    is_ended = 1;
}

static int fail(const char *what, int rc)
{
    fprintf(stderr, "wg-standin: %s: %s\n", what, strerror(-rc));
    return EXIT_FAILURE;
}

static int open_socket(struct standin *s, const char *ifname)
{
    struct stat st;
    s->address.sun_family = AF_UNIX;
    int len = snprintf(s->address.sun_path, sizeof(s->address.sun_path), FOLDER "/%s.sock", ifname);
    if (len < 0 || (size_t)len >= sizeof(s->address.sun_path))
        return -ENAMETOOLONG;
    if (mkdir(FOLDER, 0700) < 0 && errno != EEXIST)
        return -errno;
    s->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->listen_fd < 0)
        return -errno;
    const struct sockaddr *sa = (const void *)&s->address;
    if (connect(s->listen_fd, sa, sizeof(s->address)) == 0)
        return -EADDRINUSE;
    unlink(s->address.sun_path);
    if (bind(s->listen_fd, sa, sizeof(s->address)) < 0 || listen(s->listen_fd, SOMAXCONN) < 0 ||
        stat(s->address.sun_path, &st) < 0)
        return -errno;
    s->socket_inode = st.st_ino;
    s->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (s->watch_fd < 0 ||
        inotify_add_watch(s->watch_fd, s->address.sun_path, IN_ATTRIB | IN_DELETE_SELF) < 0)
        return -errno;
    return 0;
}

/* Still wanted: the socket file is ours and the link was not deleted by somebody else. */
static bool is_wanted(const struct standin *s)
{
    struct stat st;
    char name[IF_NAMESIZE];
    return !is_ended && stat(s->address.sun_path, &st) == 0 && st.st_ino == s->socket_inode &&
           if_indextoname(s->link, name);
}

static void accept_connections(struct standin *s)
{
    while (s->n_connections < CONNECTIONS_MAX) {
        int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        struct connection *c = connection_new(fd);
        if (c)
            s->connections[s->n_connections++] = c;
        else
            close(fd);
    }
}

static void serve_connections(struct standin *s, const struct pollfd *polled, size_t n)
{
    /* Backwards, so that filling a gap with the last one moves only connections already served. */
    for (size_t i = n; i-- > 0;) {
        if (!polled[i].revents || connection_serve(s->connections[i], &s->device) == 0)
            continue;
        connection_free(s->connections[i]);
        s->connections[i] = s->connections[--s->n_connections];
    }
}

static void loop(struct standin *s, const sigset_t *mask)
{
    struct timespec again = {.tv_sec = LOOK_AGAIN_MS / 1000};
    while (is_wanted(s)) {
        struct pollfd polled[CONNECTIONS_MAX + 2] = {
            {.fd = s->n_connections < CONNECTIONS_MAX ? s->listen_fd : -1, .events = POLLIN},
            {.fd = s->watch_fd, .events = POLLIN},
        };
        size_t n = s->n_connections;
        for (size_t i = 0; i < n; i++)
            polled[i + 2] = (struct pollfd){.fd = connection_fd(s->connections[i]),
                                            .events = connection_events(s->connections[i])};
        if (ppoll(polled, n + 2, &again, mask) <= 0)
            continue;
        if (polled[1].revents) {
            char events[4096];
            while (read(s->watch_fd, events, sizeof(events)) > 0)
                ;
        }
        serve_connections(s, polled + 2, n);
        if (polled[0].revents)
            accept_connections(s);
    }
}

/* The parent goes when everything works; the child has a session of its own and no streams. */
static int daemonise(void)
{
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid > 0)
        _exit(EXIT_SUCCESS);
    setsid();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return -errno;
    for (int fd = 0; fd <= 2; fd++)
        dup2(null, fd);
    return chdir("/") < 0 ? -errno : 0;
}

static int create_link(struct standin *s, const char *ifname)
{
    char far[IF_NAMESIZE];
    const char *wanted = getenv("WG_STANDIN_FAR");
    if (wanted && *wanted)
        snprintf(far, sizeof(far), "%.15s", wanted);
    else
        snprintf(far, sizeof(far), "%.11s-far", ifname);
    const char *netns = getenv("WG_STANDIN_NETNS");
    return veth_create(ifname, far, netns && *netns ? netns : NULL, &s->link);
}

int main(int argc, char **argv)
{
    static struct standin s;
    sigset_t blocked, before;
    if (argc != 2 || !*argv[1] || strlen(argv[1]) >= IF_NAMESIZE || strchr(argv[1], '/')) {
        fputs("usage: wg-standin IFNAME\n", stderr);
        return EXIT_FAILURE;
    }
    umask(077);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);

    int rc = device_init(&s.device, argv[1]);
    if (rc < 0)
        return fail("device", rc);
    rc = create_link(&s, argv[1]);
    if (rc < 0)
        return fail("veth pair", rc);
    rc = open_socket(&s, argv[1]);
    if (rc == 0)
        rc = daemonise();
    if (rc == 0)
        loop(&s, &before);

    struct stat st;
    if (s.socket_inode && stat(s.address.sun_path, &st) == 0 && st.st_ino == s.socket_inode)
        unlink(s.address.sun_path);
    veth_delete(s.link);
    return rc < 0 ? fail("socket", rc) : EXIT_SUCCESS;
}
