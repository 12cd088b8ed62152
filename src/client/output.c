#include "output.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "innernet/log.h"

void output_blank_line(void)
{
    putchar('\n');
    fflush(stdout);
}

static void hint_capability(void)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[n > 0 ? n : 0] = '\0';
    fprintf(stderr,
            "innernet needs to run as root or with the capability CAP_NET_ADMIN to change network "
            "devices.\nTo give it that capability for good: setcap cap_net_admin+eip %s\n",
            n > 0 ? self : "$(which innernet)");
}

static void hint_access(void)
{
    fputs("innernet's configuration and data directories are not accessible to you. Run it as "
          "root, or let a group have them:\n\n"
          "    groupadd innernet\n"
          "    chgrp -R innernet /etc/innernet /var/lib/innernet\n"
          "    chmod -R g+rwX /etc/innernet /var/lib/innernet\n",
          stderr);
}

static void hint(int os_errno)
{
    CLEAN_BUF struct buf head = BUF_INIT;
    if (os_errno != EPERM && os_errno != EACCES)
        return;
    paint(&head, SGR_BOLD_RED, "ERROR");
    fprintf(stderr, "%s: ", head.failed ? "ERROR" : head.data);
    if (os_errno == EPERM)
        hint_capability();
    else
        hint_access();
}

int output_finish(int r, const struct err *err)
{
    if (r >= 0)
        return 0;
    output_blank_line();
    log_error("%s", err->text[0] ? err->text : "unknown error");
    output_blank_line();
    hint(err->os_errno);
    return 1;
}
