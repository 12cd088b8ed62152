#include "wg_uapi.h"

#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "innernet/name.h"
#include "innernet/util.h"

#define FOLDER_OTHER "/run/wireguard"
#define SUFFIX ".sock"
#define ANSWER_TIMEOUT_S 10
#define ANSWER_MAX (1ull << 30)
#define BUFFER_SIZE (256u * 1024)
#define END_TIMEOUT_MS 2000
#define LINK_GONE_TRIES 50
#define LINK_GONE_STEP_MS 10

static const char *folder(void)
{
    struct stat st;
    if (stat(WG_UAPI_FOLDER, &st) < 0 && stat(FOLDER_OTHER, &st) == 0)
        return FOLDER_OTHER;
    return WG_UAPI_FOLDER;
}

const char *wg_uapi_path(const char *name, const char *suffix, char out[static WG_UAPI_PATH_MAX])
{
    snprintf(out, WG_UAPI_PATH_MAX, "%s/%.15s%s", folder(), name, suffix);
    return out;
}

int wg_uapi_connect(const char *name)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
    CLEAN_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    wg_uapi_path(name, SUFFIX, sa.sun_path);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0)
        return -errno;
    if (connect(fd, (const void *)&sa, sizeof(sa)) < 0)
        return errno == ENOENT || errno == ECONNREFUSED || errno == ENOTSOCK || errno == ENOTDIR
                   ? -ENODEV
                   : -errno;
    return take_fd(&fd);
}

bool wg_uapi_exists(const char *name)
{
    int fd = wg_uapi_connect(name);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

/* The name in "<name>.sock" into `out`; false when it is none. */
static bool name_of_socket(const char *entry, char out[static IF_NAMESIZE])
{
    size_t len = strlen(entry);
    size_t tail = sizeof(SUFFIX) - 1;
    if (len <= tail || strcmp(entry + len - tail, SUFFIX) != 0 ||
        name_check_device(entry, len - tail, NULL) < 0)
        return false;
    memcpy(out, entry, len - tail);
    out[len - tail] = '\0';
    return true;
}

static int is_socket_entry(const struct dirent *entry)
{
    char name[IF_NAMESIZE];
    return name_of_socket(entry->d_name, name);
}

int wg_uapi_list(int (*add)(void *ctx, const char *name), void *ctx)
{
    struct dirent **entries;
    int rc = 0;
    int n = scandir(folder(), &entries, is_socket_entry, alphasort);
    if (n < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
    for (int i = 0; i < n; i++) {
        char name[IF_NAMESIZE];
        if (rc == 0 && name_of_socket(entries[i]->d_name, name) && wg_uapi_exists(name))
            rc = add(ctx, name);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

static int send_all(int fd, const char *data, size_t len, struct err *err)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
            return 0; /* it has answered before the end: the answer says why */
        if (n < 0)
            return err_set_os(err, -errno, "cannot send to the userspace WireGuard");
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

/* One line: 1 = the answer is complete, 0 = go on, or a negative errno. */
typedef int line_fn(void *ctx, const char *line, struct err *err);

/* Gives the complete lines in `data` to `take`, *ret_used bytes of them. */
static int take_lines(char *data, size_t len, line_fn *take, void *ctx, size_t *ret_used,
                      struct err *err)
{
    size_t at = 0;
    int rc = 0;
    while (rc == 0) {
        char *end = memchr(data + at, '\n', len - at);
        size_t line_len = end ? (size_t)(end - data) - at : len - at;
        if (line_len >= WG_UAPI_LINE_MAX || (end && memchr(data + at, '\0', line_len)))
            return err_set(err, -EBADMSG, "the answer has a line that is none");
        if (!end)
            break;
        *end = '\0';
        rc = take(ctx, data + at, err);
        at += line_len + 1;
    }
    *ret_used = at;
    return rc;
}

static int receive(int fd, char *data, size_t room, size_t *ret_len, struct err *err)
{
    ssize_t n;
    do
        n = recv(fd, data, room, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_set_os(err, errno == EAGAIN ? -ETIMEDOUT : -errno,
                          "cannot read the answer of the userspace WireGuard");
    if (n == 0)
        return err_set(err, -EBADMSG, "the userspace WireGuard hangs up before the answer ends");
    *ret_len = (size_t)n;
    return 0;
}

static int read_answer(int fd, line_fn *take, void *ctx, struct err *err)
{
    char *data = malloc(BUFFER_SIZE);
    size_t len = 0;
    uint64_t total = 0;
    int rc = data ? 0 : err_set_os(err, -ENOMEM, "cannot read the answer");
    while (rc == 0) {
        size_t got = 0, used = 0;
        rc = receive(fd, data + len, BUFFER_SIZE - len, &got, err);
        if (rc < 0)
            break;
        len += got;
        total += got;
        if (total > ANSWER_MAX) {
            rc = err_set(err, -EFBIG, "the answer of the userspace WireGuard does not end");
            break;
        }
        rc = take_lines(data, len, take, ctx, &used, err);
        if (rc < 0)
            break;
        memmove(data, data + used, len - used);
        len -= used;
    }
    if (data)
        explicit_bzero(data, BUFFER_SIZE);
    free(data);
    return rc < 0 ? rc : 0;
}

static int exchange(const char *name, const char *request, size_t len, line_fn *take, void *ctx,
                    struct err *err)
{
    char path[WG_UAPI_PATH_MAX];
    CLEAN_CLOSE int fd = wg_uapi_connect(name);
    if (fd < 0)
        return err_set_os(err, fd, "cannot connect to %s", wg_uapi_path(name, SUFFIX, path));
    int rc = send_all(fd, request, len, err);
    return rc < 0 ? rc : read_answer(fd, take, ctx, err);
}

static int take_device_line(void *ctx, const char *line, struct err *err)
{
    return wg_uapi_read_line(ctx, line, err);
}

int wg_uapi_get(const char *name, struct wg_device *ret, struct err *err)
{
    static const char request[] = "get=1\n\n";
    CLEAN_WG_DEVICE struct wg_device device = {.backend = WG_BACKEND_USERSPACE};
    struct wg_uapi_reader r = {.build.device = &device};
    snprintf(device.name, sizeof(device.name), "%s", name);
    int rc = exchange(name, request, sizeof(request) - 1, take_device_line, &r, err);
    if (rc < 0)
        return rc;
    wg_build_finish(&r.build);
    *ret = device;
    device = (struct wg_device){0};
    return 0;
}

static int take_status_line(void *ctx, const char *line, struct err *err)
{
    return wg_uapi_read_status_line(ctx, line, err);
}

int wg_uapi_set(const char *name, const struct wg_update *update, struct err *err)
{
    CLEAN_BUF struct buf request = BUF_SECRET_INIT;
    bool has_code = false;
    wg_uapi_format_set(update, &request);
    if (request.failed)
        return err_set_os(err, -ENOMEM, "cannot write the request");
    return exchange(name, request.data, request.len, take_status_line, &has_code, err);
}

/* The implementation sees that its socket is gone and ends, which closes our connection after all
 * that it had, its UDP port for one. */
static void wait_for_end(int fd, const char *name)
{
    const struct timespec step = {.tv_nsec = LINK_GONE_STEP_MS * 1000000L};
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    poll(&polled, 1, END_TIMEOUT_MS);
    for (int i = 0; i < LINK_GONE_TRIES && if_nametoindex(name); i++)
        nanosleep(&step, NULL);
}

int wg_uapi_delete(const char *name, struct err *err)
{
    char path[WG_UAPI_PATH_MAX];
    CLEAN_CLOSE int fd = wg_uapi_connect(name);
    unlink(wg_uapi_path(name, ".name", path));
    if (unlink(wg_uapi_path(name, SUFFIX, path)) < 0)
        return err_set_os(err, -errno, "cannot remove %s", path);
    if (fd >= 0)
        wait_for_end(fd, name);
    return 0;
}
