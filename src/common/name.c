#include "innernet/name.h"

#include <errno.h>
#include <string.h>

#include "utf8.h"

#define SHOWN "%.80s" /* how much of a bad name goes into its error text */

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static int check_length(const char *kind, const char *name, size_t max, struct err *err)
{
    size_t len = strnlen(name, max + 1);
    if (len == 0)
        return err_set(err, -EINVAL, "%s is empty; it needs 1 to %zu characters", kind, max);
    if (len > max)
        return err_set(err, -EINVAL, "%s \"" SHOWN "\" is too long; at most %zu characters fit",
                       kind, name, max);
    return 0;
}

static int check_hyphens(const char *kind, const char *name, struct err *err)
{
    size_t len = strlen(name);
    if (name[0] == '-' || name[len - 1] == '-')
        return err_set(err, -EINVAL,
                       "%s \"" SHOWN "\" starts or ends with a hyphen; use a letter or digit there",
                       kind, name);
    if (strstr(name, "--"))
        return err_set(err, -EINVAL, "%s \"" SHOWN "\" has two hyphens in a row; use single ones",
                       kind, name);
    return 0;
}

static int check_hostname(const char *kind, const char *name, size_t max, struct err *err)
{
    int r = check_length(kind, name, max, err);
    if (r < 0)
        return r;
    for (const char *c = name; *c; c++)
        if (!is_alnum(*c) && *c != '-')
            return err_set(err, -EINVAL,
                           "%s \"" SHOWN "\" has a character that is not allowed; use a-z, 0-9 and "
                           "single hyphens",
                           kind, name);
    return check_hyphens(kind, name, err);
}

int name_check_hostname(const char *name, struct err *err)
{
    return check_hostname("name", name, HOSTNAME_MAX_LEN, err);
}

int name_check_interface(const char *name, struct err *err)
{
    return check_hostname("interface name", name, INTERFACE_NAME_MAX_LEN, err);
}

static bool is_device_char(char c)
{
    /* the kernel's own rule counts the vertical tab as a blank, too */
    return c != '\0' && c != '/' && c != ' ' && (c < '\t' || c > '\r');
}

int name_check_device(const char *name, size_t len, struct err *err)
{
    if (len == 0)
        return err_set(err, -EINVAL, "interface name is empty");
    for (size_t i = 0; i < len; i++)
        if (!is_device_char(name[i]))
            return err_set(err, -EINVAL,
                           "interface name has a slash, a blank or a NUL in it; leave it out");
    if (len > INTERFACE_NAME_MAX_LEN)
        return err_set(err, -EINVAL,
                       "interface name \"%.*s\" is too long; at most %d characters fit",
                       (int)(len < 80 ? len : 80), name, INTERFACE_NAME_MAX_LEN);
    if ((len == 1 && name[0] == '.') || (len == 2 && memcmp(name, "..", 2) == 0))
        return err_set(err, -EINVAL, "interface name \"%.*s\" is reserved; choose another",
                       (int)len, name);
    return 0;
}

int name_check_cidr(const char *name, struct err *err)
{
    int r = check_length("CIDR name", name, CIDR_NAME_MAX_LEN, err);
    if (r < 0)
        return r;
    size_t len = strlen(name);
    for (size_t at = 0; at < len;) {
        uint32_t code;
        size_t n = utf8_sequence(name + at, len - at, &code);
        if (n == 0)
            return err_set(err, -EINVAL, "CIDR name \"" SHOWN "\" is not valid UTF-8", name);
        if (utf8_is_control(code))
            return err_set(err, -EINVAL,
                           "CIDR name \"" SHOWN "\" has a control character in it; leave it out",
                           name);
        at += n;
    }
    return 0;
}
