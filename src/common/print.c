#include "innernet/print.h"

#include <errno.h>
#include <stdio.h>

int print_text(const struct buf *text, struct err *err)
{
    if (text->failed)
        return err_set(err, -ENOMEM, "out of memory");
    if (text->len == 0)
        return 0;
    if (fwrite(text->data, 1, text->len, stdout) == text->len && fflush(stdout) == 0)
        return 0;
    return err_set_os(err, errno ? -errno : -EIO, "stdout");
}
