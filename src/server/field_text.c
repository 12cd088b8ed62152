#include "field_text.h"

bool field_is_token_char(char c)
{
    static const bool is_token[256] = {
        ['!'] = true,         ['#' ... '\''] = true, ['*'] = true,         ['+'] = true,
        ['-'] = true,         ['.'] = true,          ['0' ... '9'] = true, ['A' ... 'Z'] = true,
        ['^' ... '`'] = true, ['a' ... 'z'] = true,  ['|'] = true,         ['~'] = true,
    };
    return is_token[(unsigned char)c];
}

const char *field_skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t')
        at++;
    return at;
}

size_t field_token_len(const char *at)
{
    size_t len = 0;
    while (field_is_token_char(at[len]))
        len++;
    return len;
}

size_t field_quoted_len(const char *at)
{
    if (*at != '"')
        return 0;
    for (size_t i = 1; at[i]; i++) {
        if (at[i] == '"')
            return i + 1;
        if (at[i] == '\\')
            i++;
        unsigned char c = (unsigned char)at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return 0;
    }
    return 0;
}

bool field_find_element(const char **at)
{
    const char *next = field_skip_blanks(*at);
    while (*next == ',')
        next = field_skip_blanks(next + 1);
    *at = next;
    return *next != '\0';
}

bool field_next_element(const char **at)
{
    const char *next = field_skip_blanks(*at);
    if (*next != ',' && *next != '\0')
        return false;
    *at = *next == ',' ? next + 1 : next;
    return true;
}
