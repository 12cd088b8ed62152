/* prober SERVER PORT KEY SOURCE INTERVAL-MS TAG: asks for small things over one connection at a
 * steady pace, /v1/user/capabilities and a state that did not change in turns, until standard input
 * ends, and tells how long the answers took. Each request has its moment by the clock: when an
 * answer is late, so are those that had to wait for it. */

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer_wire.h"

#define PROBES_MAX 1000000
#define ANSWER_TIMEOUT_NS INT64_C(60000000000)

struct prober {
    struct sockaddr_in server;
    struct in_addr source;
    char requests[2][1024];
    int fd;
    size_t n_errors;
    int64_t *latencies;
    size_t n;
};

static bool is_readable(int fd, int64_t timeout_ns)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    const struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    return ppoll(&p, 1, &timeout, NULL) > 0;
}

static bool reconnect(struct prober *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = wire_connect(&p->server, p->source);
    struct pollfd polled = {.fd = p->fd, .events = POLLOUT};
    return p->fd >= 0 && poll(&polled, 1, 10000) > 0;
}

/* Takes one answer in, body and all. Small bodies only are asked for; the state may come in full
 * once it has changed, and is then read to its end. */
static bool take_answer(struct prober *p)
{
    static char data[65536];
    struct wire_head head;
    size_t n = 0;
    size_t left = 0;
    bool has_head = false;
    while (!has_head || left > 0) {
        if (!is_readable(p->fd, ANSWER_TIMEOUT_NS))
            return false;
        ssize_t got = recv(p->fd, data + n, sizeof(data) - 1 - n, 0);
        if (got <= 0)
            return false;
        if (has_head) {
            left -= (size_t)got < left ? (size_t)got : left;
            continue;
        }
        n += (size_t)got;
        data[n] = '\0';
        has_head = wire_parse_head(data, &head);
        if (has_head) {
            left = head.len + head.body_len - n;
            n = 0;
        }
    }
    return head.status == 200 || head.status == 304;
}

static void probe(struct prober *p, int64_t due_ns)
{
    const char *request = p->requests[p->n % 2];
    size_t len = strlen(request);
    if (send(p->fd, request, len, MSG_NOSIGNAL) != (ssize_t)len || !take_answer(p)) {
        p->n_errors++;
        reconnect(p);
    }
    p->latencies[p->n++] = wire_now_ns() - due_ns;
}

static void run(struct prober *p, int64_t interval_ns)
{
    int64_t due_ns = wire_now_ns();
    /* Those that were due while one was late are asked for before the end is looked at. */
    while (p->n < PROBES_MAX) {
        int64_t now_ns = wire_now_ns();
        if (due_ns > now_ns) {
            if (is_readable(STDIN_FILENO, due_ns - now_ns))
                return;
            continue;
        }
        probe(p, due_ns);
        due_ns += interval_ns;
    }
}

int main(int argc, char **argv)
{
    struct prober p = {.fd = -1, .server.sin_family = AF_INET};
    if (argc != 7 || inet_pton(AF_INET, argv[1], &p.server.sin_addr) != 1 ||
        inet_pton(AF_INET, argv[4], &p.source) != 1 || atoi(argv[5]) < 1) {
        fputs("usage: prober SERVER PORT KEY SOURCE INTERVAL-MS TAG\n", stderr);
        return EXIT_FAILURE;
    }
    p.server.sin_port = htons((uint16_t)atoi(argv[2]));
    p.latencies = calloc(PROBES_MAX, sizeof(*p.latencies));
    wire_request(p.requests[0], sizeof(p.requests[0]), "/v1/user/capabilities", argv[3], NULL, 0);
    wire_request(p.requests[1], sizeof(p.requests[1]), "/v1/user/state", argv[3], argv[6], 0);
    /* The server's latency is asked for, not that of this machine's scheduler. */
    setpriority(PRIO_PROCESS, 0, -15);
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    if (!p.latencies || !reconnect(&p)) {
        perror("prober");
        return EXIT_FAILURE;
    }
    puts("ready");
    fflush(stdout);
    run(&p, (int64_t)atoi(argv[5]) * 1000000);
    printf("{\"errors\": %zu, ", p.n_errors);
    wire_print_latencies(p.latencies, p.n);
    puts("}");
    close(p.fd);
    free(p.latencies);
    return EXIT_SUCCESS;
}
