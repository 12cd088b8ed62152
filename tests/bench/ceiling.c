/* ceiling ADDRESS PORT STATUS ETAG [BODY-FILE]: a bare libmicrohttpd that gives one prepared answer
 * to every request, in one thread and an epoll loop of its own. What no server on this library can
 * beat, measured beside the real one. It ends when its standard input does. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct ceiling {
    unsigned status;
    struct MHD_Response *response;
    unsigned long n_requests;
};

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **context)
{
    struct ceiling *c = cls;
    (void)url;
    (void)method;
    (void)version;
    (void)data;
    (void)size;
    /* An answer at the first call, when the head has come, would end the connection. */
    if (!*context) {
        *context = cls;
        return MHD_YES;
    }
    c->n_requests++;
    return MHD_queue_response(connection, c->status, c->response);
}

static int fail(const char *what)
{
    fprintf(stderr, "ceiling: %s: %s\n", what, strerror(errno));
    return EXIT_FAILURE;
}

/* The whole file; a copy in memory, as a server would have it. */
static int read_body(const char *path, char **ret, size_t *ret_len)
{
    FILE *file = fopen(path, "rbe");
    struct stat st;
    if (!file)
        return -1;
    char *body = fstat(fileno(file), &st) == 0 ? malloc((size_t)st.st_size + 1) : NULL;
    bool is_read = body && fread(body, 1, (size_t)st.st_size, file) == (size_t)st.st_size;
    fclose(file);
    if (!is_read) {
        free(body);
        return -1;
    }
    *ret = body;
    *ret_len = (size_t)st.st_size;
    return 0;
}

static struct MHD_Response *prepare(const char *etag, char *body, size_t len)
{
    static char nothing[] = "";
    struct MHD_Response *r =
        MHD_create_response_from_buffer(len, body ? body : nothing, MHD_RESPMEM_PERSISTENT);
    if (r && body)
        MHD_add_response_header(r, "content-type", "application/json");
    if (r && *etag)
        MHD_add_response_header(r, "etag", etag);
    return r;
}

static int run(struct MHD_Daemon *daemon, const struct ceiling *c)
{
    int loop = epoll_create1(EPOLL_CLOEXEC);
    int fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    struct epoll_event http = {.events = EPOLLIN, .data.fd = fd};
    struct epoll_event input = {.events = EPOLLIN, .data.fd = STDIN_FILENO};
    if (loop < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, fd, &http) < 0 ||
        epoll_ctl(loop, EPOLL_CTL_ADD, STDIN_FILENO, &input) < 0)
        return fail("epoll");
    for (;;) {
        struct epoll_event events[2];
        MHD_UNSIGNED_LONG_LONG timeout;
        int wait_ms = MHD_get_timeout(daemon, &timeout) == MHD_YES ? (int)timeout : -1;
        int n = epoll_wait(loop, events, 2, wait_ms);
        for (int i = 0; i < n; i++) {
            char byte;
            if (events[i].data.fd != STDIN_FILENO)
                continue;
            if (read(STDIN_FILENO, &byte, 1) <= 0) {
                close(loop);
                return EXIT_SUCCESS;
            }
            printf("%lu\n", c->n_requests);
            fflush(stdout);
        }
        MHD_run(daemon);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    char *body = NULL;
    size_t len = 0;
    if (argc < 5 || inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) {
        fputs("usage: ceiling ADDRESS PORT STATUS ETAG [BODY-FILE]\n", stderr);
        return EXIT_FAILURE;
    }
    address.sin_port = htons((uint16_t)atoi(argv[2]));
    if (argc > 5 && read_body(argv[5], &body, &len) < 0)
        return fail(argv[5]);
    struct ceiling c = {(unsigned)atoi(argv[3]), prepare(argv[4], body, len), 0};
    struct MHD_Daemon *daemon =
        c.response ? MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, &c,
                                      MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END)
                   : NULL;
    if (!daemon)
        return fail("cannot listen");
    puts("ready");
    fflush(stdout);
    int code = run(daemon, &c);
    MHD_stop_daemon(daemon);
    MHD_destroy_response(c.response);
    free(body);
    return code;
}
