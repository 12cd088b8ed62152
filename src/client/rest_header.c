#include "rest_header.h"

#include <string.h>
#include <strings.h>

#include "rest.h"

bool rest_header_is_tag(const char *text)
{
    size_t len = strlen(text);
    size_t start = strncmp(text, "W/", 2) == 0 ? 2 : 0;
    if (len > REST_TAG_MAX || len < start + 2 || text[start] != '"' || text[len - 1] != '"')
        return false;
    for (size_t i = start + 1; i < len - 1; i++)
        if (text[i] < 0x21 || text[i] == '"' || text[i] > 0x7e)
            return false;
    return true;
}

bool rest_header_has_wait(const char *text)
{
    for (;;) {
        text += strspn(text, " \t,");
        size_t len = strcspn(text, ",");
        if (len == 0)
            return false;
        if (len >= 4 && strncasecmp(text, "wait", 4) == 0 && (len == 4 || strchr("= \t;", text[4])))
            return true;
        text += len;
    }
}

const char *rest_header_status_hint(long status)
{
    if (status == 400)
        return " (the server refuses it: a name, address, key or pair is taken, does not fit where "
               "it should go, or is still in use; list-cidrs and list-associations show what "
               "there is)";
    if (status == 404)
        return " (the server has no such record or route: it was deleted meanwhile, or the server "
               "is an older one)";
    if (status == 503)
        return " (the server has too much to do; trying again later helps)";
    if (status >= 500)
        return " (the server failed; its log tells why, trying again later may help)";
    if (status == 401)
        return " (the server does not know this peer's address and key, or it is no admin's)";
    if (status >= 300 && status < 400)
        return " (a redirect, which no innernet server sends)";
    return "";
}
