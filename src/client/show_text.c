#include "show_text.h"

#include <stdio.h>

#include "diff.h"
#include "innernet/listing.h"
#include "innernet/log.h"

#define KEY_SHOWN 10
#define ELLIPSIS "\u2026"
#define MARK_CONNECTED "\u25c9"
#define MARK_IDLE "\u25ef"

const char *show_key(const struct show_input *in, const struct key *key,
                     char out[static SHOW_KEY_MAX])
{
    char text[KEY_TEXT_MAX];
    key_format(key, text);
    if (in->full_keys)
        snprintf(out, SHOW_KEY_MAX, "%s", text);
    else
        snprintf(out, SHOW_KEY_MAX, "%.*s" ELLIPSIS, KEY_SHOWN, text);
    return out;
}

const char *show_row_name(const struct show_row *row)
{
    return row->record ? row->record->name : SHOW_UNKNOWN_NAME;
}

bool show_is_overridden(const struct show_input *in, const struct show_row *row)
{
    return client_config_override(in->config, &row->ip) != NULL;
}

void show_put_row(const struct show_input *in, const struct show_row *row, size_t level,
                  struct buf *out)
{
    char ip[IP_TEXT_MAX], key[SHOW_KEY_MAX];
    bool connected = row->is_self || diff_recently_connected(row->device, in->now_s);
    listing_put_indent(out, level);
    buf_puts(out, "| ");
    paint(out, connected ? SGR_BOLD : SGR_DIM, connected ? MARK_CONNECTED : MARK_IDLE);
    buf_putc(out, ' ');
    paint(out, SGR_BOLD_YELLOW, row->ip.family == IP_NONE ? "?" : ip_format(&row->ip, ip));
    buf_puts(out, ": ");
    paint(out, SGR_YELLOW, show_row_name(row));
    buf_puts(out, row->is_self ? " (you, " : " (");
    paint(out, SGR_DIM, show_key(in, row->key, key));
    buf_puts(out, show_is_overridden(in, row) ? ") (endpoint overridden locally)\n" : ")\n");
}

void show_put_header(const struct show_input *in, struct buf *out)
{
    char name[4 * INTERFACE_NAME_MAX_LEN + 1], port[16] = "";
    if (in->device->listen_port)
        snprintf(port, sizeof(port), "(:%u) ", in->device->listen_port);
    paint(out, SGR_BOLD_GREEN, log_safe(in->device->name, name, sizeof(name)));
    buf_putc(out, ' ');
    paint(out, SGR_DIM, port);
    buf_putc(out, '\n');
}
