/* waiters SERVER PORT KEY FIRST-ADDRESS COUNT: peers, each with an address and a connection of its
 * own, that ask for their state and wait for its answer. Orders come by lines, each is answered by
 * a line of JSON when it is carried out:
 *
 *   connect              all connections are open
 *   ask WAIT-S TAG       all have sent a request with If-None-Match, and with Prefer: wait unless 0
 *   answered SINCE LIMIT all have got the whole answer, or LIMIT seconds have gone by; the times
 * count from SINCE, nanoseconds of CLOCK_MONOTONIC, 0 for the moment of the ask
 *
 * Only one body in SAMPLE is looked at (its CRC-32 is told); the others are counted and dropped in
 * the kernel, so that the machine's processors belong to the server. */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "peer_wire.h"

#define CONNECTING_MAX 256 /* at a time: fewer than any listen queue holds */
#define EVENTS_MAX 256
#define HEAD_MAX 768
#define SAMPLE 16
#define STDIN_MARK UINT32_MAX

enum state { NEW, CONNECTING, IDLE, ASKED, BODY, DEAD };

struct waiter {
    int fd;
    enum state state;
    size_t n_head; /* bytes in head */
    size_t body_left;
    struct wire_head answer;
    unsigned long crc;
    int64_t answered_ns; /* 0: not yet */
    char head[HEAD_MAX];
};

enum order { NONE, CONNECT, ANSWERED };

struct waiters {
    struct sockaddr_in server;
    uint32_t first; /* address, host order */
    const char *key;
    struct waiter *all;
    size_t n, n_begun, n_connecting, n_open, n_asked, n_done, n_dead;
    int epoll_fd;
    enum order order;
    int64_t asked_ns, since_ns, limit_ns;
    int64_t begun_ns;
};

static bool is_sampled(const struct waiters *ws, const struct waiter *w)
{
    return (size_t)(w - ws->all) % SAMPLE == 0;
}

static void watch(struct waiters *ws, int op, struct waiter *w, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.u32 = (uint32_t)(w - ws->all)};
    epoll_ctl(ws->epoll_fd, op, w->fd, &e);
}

static void die(struct waiters *ws, struct waiter *w)
{
    if (w->state == ASKED || w->state == BODY)
        ws->n_asked--;
    if (w->state == CONNECTING)
        ws->n_connecting--;
    else if (w->state != NEW)
        ws->n_open--;
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
    w->state = DEAD;
    ws->n_dead++;
}

/* --- connecting --- */

static void begin_connecting(struct waiters *ws)
{
    while (ws->n_begun < ws->n && ws->n_connecting < CONNECTING_MAX) {
        struct waiter *w = &ws->all[ws->n_begun];
        struct in_addr source = {htonl(ws->first + (uint32_t)ws->n_begun)};
        ws->n_begun++;
        w->fd = wire_connect(&ws->server, source);
        if (w->fd < 0) {
            die(ws, w);
            continue;
        }
        w->state = CONNECTING;
        ws->n_connecting++;
        watch(ws, EPOLL_CTL_ADD, w, EPOLLOUT);
    }
}

static void finish_connecting(struct waiters *ws, struct waiter *w)
{
    int error = 0;
    socklen_t len = sizeof(error);
    if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error != 0) {
        die(ws, w);
        return;
    }
    w->state = IDLE;
    ws->n_connecting--;
    ws->n_open++;
    watch(ws, EPOLL_CTL_MOD, w, EPOLLIN);
}

/* --- asking and hearing --- */

static void ask(struct waiters *ws, unsigned wait_s, const char *tag)
{
    char request[1024];
    size_t len = wire_request(request, sizeof(request), "/v1/user/state", ws->key, tag, wait_s);
    ws->n_done = 0;
    ws->asked_ns = wire_now_ns();
    for (size_t i = 0; i < ws->n; i++) {
        struct waiter *w = &ws->all[i];
        if (w->state != IDLE)
            continue;
        w->n_head = w->body_left = 0;
        w->answered_ns = 0;
        w->crc = crc32(0, NULL, 0);
        w->state = ASKED;
        ws->n_asked++;
        if (send(w->fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
            die(ws, w);
    }
    printf("{\"asked\": %zu}\n", ws->n_asked);
}

static void finish_answer(struct waiters *ws, struct waiter *w)
{
    w->answered_ns = wire_now_ns();
    w->state = IDLE;
    ws->n_asked--;
    ws->n_done++;
}

/* -1: the connection is over. */
static int hear_head(struct waiter *w)
{
    ssize_t got = recv(w->fd, w->head + w->n_head, HEAD_MAX - 1 - w->n_head, 0);
    if (got <= 0)
        return got < 0 && errno == EAGAIN ? 0 : -1;
    w->n_head += (size_t)got;
    w->head[w->n_head] = '\0';
    if (!wire_parse_head(w->head, &w->answer))
        return w->n_head < HEAD_MAX - 1 ? 0 : -1;
    size_t n_body = w->n_head - w->answer.len;
    if (n_body > w->answer.body_len)
        return -1;
    w->crc = crc32(w->crc, (const void *)(w->head + w->answer.len), (uInt)n_body);
    w->body_left = w->answer.body_len - n_body;
    w->state = BODY;
    return 0;
}

static int hear_body(struct waiters *ws, struct waiter *w)
{
    static unsigned char data[1 << 18];
    while (w->body_left > 0) {
        size_t want = w->body_left < sizeof(data) ? w->body_left : sizeof(data);
        bool sampled = is_sampled(ws, w);
        ssize_t got = recv(w->fd, data, want, sampled ? 0 : MSG_TRUNC);
        if (got <= 0)
            return got < 0 && errno == EAGAIN ? 0 : -1;
        if (sampled)
            w->crc = crc32(w->crc, data, (uInt)got);
        w->body_left -= (size_t)got;
    }
    finish_answer(ws, w);
    return 0;
}

static void hear(struct waiters *ws, struct waiter *w)
{
    int rc = w->state == ASKED ? hear_head(w) : 0;
    if (rc == 0 && w->state == BODY)
        rc = hear_body(ws, w);
    else if (w->state == IDLE)
        rc = -1; /* nothing was asked: the other side ended the connection */
    if (rc < 0)
        die(ws, w);
}

/* --- telling --- */

struct count {
    unsigned long value;
    size_t n;
};

/* As {"200": 3, ...}; values beyond a few different ones are summed up as "more". */
struct counts {
    struct count items[8];
    size_t n, n_more;
};

static void count(struct counts *c, unsigned long value)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->items[i].value == value) {
            c->items[i].n++;
            return;
        }
    if (c->n < sizeof(c->items) / sizeof(c->items[0]))
        c->items[c->n++] = (struct count){value, 1};
    else
        c->n_more++;
}

static void print_counts(const char *name, const struct counts *c)
{
    printf("\"%s\": {", name);
    for (size_t i = 0; i < c->n; i++)
        printf("%s\"%lu\": %zu", i > 0 ? ", " : "", c->items[i].value, c->items[i].n);
    if (c->n_more > 0)
        printf(", \"more\": %zu", c->n_more);
    printf("}, ");
}

static void tell_answers(const struct waiters *ws)
{
    struct counts status = {0};
    struct counts length = {0};
    struct counts crc = {0};
    size_t n = 0;
    size_t n_gzip = 0;
    int64_t *latencies = calloc(ws->n, sizeof(*latencies));
    for (size_t i = 0; latencies && i < ws->n; i++) {
        const struct waiter *w = &ws->all[i];
        if (w->answered_ns == 0)
            continue;
        latencies[n++] = w->answered_ns - ws->since_ns;
        count(&status, w->answer.status);
        count(&length, w->answer.body_len);
        n_gzip += w->answer.is_gzip;
        if (is_sampled(ws, w))
            count(&crc, w->crc);
    }
    printf("{\"missing\": %zu, \"dropped\": %zu, \"gzip\": %zu, ", ws->n_asked, ws->n_dead, n_gzip);
    print_counts("status", &status);
    print_counts("length", &length);
    print_counts("crc", &crc);
    wire_print_latencies(latencies, n);
    puts("}");
    free(latencies);
}

static void tell_connected(const struct waiters *ws)
{
    printf("{\"connected\": %zu, \"dropped\": %zu, \"seconds\": %.3f}\n", ws->n_open, ws->n_dead,
           (double)(wire_now_ns() - ws->begun_ns) / 1e9);
}

/* --- orders --- */

static void obey(struct waiters *ws, char *line)
{
    long long since;
    unsigned seconds;
    char tag[128];
    if (strcmp(line, "connect\n") == 0) {
        ws->order = CONNECT;
        ws->begun_ns = wire_now_ns();
        begin_connecting(ws);
    } else if (sscanf(line, "ask %u %127s", &seconds, tag) == 2) {
        ask(ws, seconds, tag);
    } else if (sscanf(line, "answered %lld %u", &since, &seconds) == 2) {
        ws->order = ANSWERED;
        ws->since_ns = since ? since : ws->asked_ns;
        ws->limit_ns = wire_now_ns() + (int64_t)seconds * 1000000000;
    } else {
        puts("{\"error\": \"unknown order\"}");
    }
}

static void tell_when_done(struct waiters *ws)
{
    if (ws->order == CONNECT && ws->n_begun == ws->n && ws->n_connecting == 0)
        tell_connected(ws);
    else if (ws->order == ANSWERED && (ws->n_asked == 0 || wire_now_ns() >= ws->limit_ns))
        tell_answers(ws);
    else
        return;
    ws->order = NONE;
}

static void handle(struct waiters *ws, const struct epoll_event *e)
{
    struct waiter *w = &ws->all[e->data.u32];
    if (w->state == DEAD)
        return;
    if (w->state == CONNECTING)
        finish_connecting(ws, w);
    else
        hear(ws, w);
}

static int run(struct waiters *ws)
{
    struct epoll_event input = {.events = EPOLLIN, .data.u32 = STDIN_MARK};
    if (epoll_ctl(ws->epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &input) < 0)
        return EXIT_FAILURE;
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0); /* else a second line would hide from epoll */
    for (;;) {
        struct epoll_event events[EVENTS_MAX];
        char line[256];
        int n = epoll_wait(ws->epoll_fd, events, EVENTS_MAX, 100);
        for (int i = 0; i < n; i++) {
            if (events[i].data.u32 != STDIN_MARK)
                handle(ws, &events[i]);
            else if (fgets(line, sizeof(line), stdin))
                obey(ws, line);
            else
                return EXIT_SUCCESS;
        }
        if (ws->order == CONNECT)
            begin_connecting(ws);
        tell_when_done(ws);
    }
}

int main(int argc, char **argv)
{
    struct waiters ws = {.server.sin_family = AF_INET};
    struct in_addr first;
    if (argc != 6 || inet_pton(AF_INET, argv[1], &ws.server.sin_addr) != 1 ||
        inet_pton(AF_INET, argv[4], &first) != 1 || atoi(argv[5]) < 1) {
        fputs("usage: waiters SERVER PORT KEY FIRST-ADDRESS COUNT\n", stderr);
        return EXIT_FAILURE;
    }
    ws.server.sin_port = htons((uint16_t)atoi(argv[2]));
    ws.key = argv[3];
    ws.first = ntohl(first.s_addr);
    ws.n = (size_t)atoi(argv[5]);
    const struct rlimit files = {ws.n + 64, ws.n + 64};
    setrlimit(RLIMIT_NOFILE, &files);
    ws.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    ws.all = calloc(ws.n, sizeof(*ws.all));
    if (!ws.all || ws.epoll_fd < 0) {
        perror("waiters");
        return EXIT_FAILURE;
    }
    int code = run(&ws);
    close(ws.epoll_fd);
    free(ws.all);
    return code;
}
