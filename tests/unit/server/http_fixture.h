#pragma once
/* The HTTP server on a loopback address, run by hand, and what its clients hear. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"

static struct http *http;
static struct sockaddr_in address;

static int open_http(struct api *of)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t len = sizeof(address);
    address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return http_new(of, fd, &http, NULL);
}

static char heard[16384];

/* Runs the server until the client hears something or its end, or `turns` are over. */
static const char *hear(int fd, int turns)
{
    heard[0] = '\0';
    for (int i = 0; i < turns; i++) {
        http_accept(http);
        http_run(http);
        ssize_t n = recv(fd, heard, sizeof(heard) - 1, MSG_DONTWAIT);
        if (n >= 0) {
            heard[n] = '\0';
            return n > 0 ? heard : "end";
        }
        assert_int_equal(errno, EAGAIN);
        usleep(1000);
    }
    return "silence";
}

#define assert_begins(text, with) assert_int_equal(strncmp(text, with, strlen(with)), 0)
