#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "uapi.h"

#define INPUT_MAX 65536 /* the longest line by far */

enum operation { OP_NONE, OP_GET, OP_SET };

struct connection {
    int fd;
    enum operation operation;
    struct uapi_set set;
    bool is_last; /* close once everything is sent */
    size_t n_input;
    char input[INPUT_MAX];
    char *output; /* by open_memstream */
    size_t n_output, n_sent;
};

struct connection *connection_new(int fd)
{
    struct connection *c = calloc(1, sizeof(*c));
    if (c)
        c->fd = fd;
    return c;
}

void connection_free(struct connection *c)
{
    close(c->fd);
    free(c->output);
    free(c);
}

int connection_fd(const struct connection *c)
{
    return c->fd;
}

short connection_events(const struct connection *c)
{
    return c->n_sent < c->n_output ? POLLOUT : POLLIN;
}

static void answer(struct connection *c, const struct device *to_print, int rc)
{
    FILE *out = open_memstream(&c->output, &c->n_output);
    if (!out) {
        c->is_last = true;
        return;
    }
    if (to_print)
        device_print(to_print, out);
    /* Negative, as wireguard-go has it. */
    fprintf(out, "errno=%d\n\n", rc);
    fclose(out);
    c->n_sent = 0;
    c->operation = OP_NONE;
    c->is_last = c->is_last || rc < 0;
}

static void take_line(struct connection *c, struct device *d, char *line)
{
    if (c->operation == OP_NONE) {
        c->set = (struct uapi_set){0};
        if (strcmp(line, "get=1") == 0)
            c->operation = OP_GET;
        else if (strcmp(line, "set=1") == 0)
            c->operation = OP_SET;
        else
            c->is_last = true;
    } else if (c->operation == OP_GET && d->is_refusing) {
        d->n_refused++;
        answer(c, NULL, -EIO);
    } else if (c->operation == OP_GET) {
        answer(c, *line ? NULL : d, *line ? -EINVAL : 0);
    } else if (!*line) {
        answer(c, NULL, 0);
    } else {
        int rc = uapi_set_line(d, &c->set, line);
        if (rc < 0)
            answer(c, NULL, rc);
    }
}

static int send_output(struct connection *c)
{
    while (c->n_sent < c->n_output) {
        ssize_t n = send(c->fd, c->output + c->n_sent, c->n_output - c->n_sent, MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN ? 0 : -1;
        c->n_sent += (size_t)n;
    }
    free(c->output);
    c->output = NULL;
    c->n_output = c->n_sent = 0;
    return c->is_last ? -1 : 0;
}

/* Answers complete lines until an answer has to wait for the reader. */
static int work(struct connection *c, struct device *d)
{
    size_t at = 0;
    int rc = 0;
    while (rc == 0 && !c->is_last && !c->n_output) {
        char *end = memchr(c->input + at, '\n', c->n_input - at);
        if (!end)
            break;
        *end = '\0';
        take_line(c, d, c->input + at);
        at = (size_t)(end - c->input) + 1;
        if (c->n_output || c->is_last)
            rc = send_output(c);
    }
    memmove(c->input, c->input + at, c->n_input - at);
    c->n_input -= at;
    return rc;
}

int connection_serve(struct connection *c, struct device *d)
{
    if (c->n_output) {
        if (send_output(c) < 0)
            return -1;
        return work(c, d);
    }
    ssize_t n = recv(c->fd, c->input + c->n_input, INPUT_MAX - c->n_input, 0);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n <= 0)
        return -1;
    c->n_input += (size_t)n;
    if (work(c, d) < 0)
        return -1;
    return c->n_input == INPUT_MAX && !c->n_output ? -1 : 0;
}
