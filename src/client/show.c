#include "show.h"

#include <errno.h>

#include "innernet/listing.h"
#include "innernet/log.h"
#include "show_text.h"

static void put_count(struct buf *out, int64_t n, const char *singular, const char *plural)
{
    buf_put_i64(out, n);
    buf_putc(out, ' ');
    paint(out, SGR_CYAN, n == 1 ? singular : plural);
}

void show_put_duration(struct buf *out, int64_t seconds)
{
    if (seconds < 1) {
        paint(out, SGR_CYAN, "just now");
        return;
    }
    if (seconds < 60) {
        put_count(out, seconds, "seconds", "seconds");
    } else if (seconds < 3600) {
        put_count(out, seconds / 60, "minute", "minutes");
        buf_puts(out, ", ");
        put_count(out, seconds % 60, "second", "seconds");
    } else {
        put_count(out, seconds / 3600, "hour", "hours");
        buf_puts(out, ", ");
        put_count(out, seconds % 3600 / 60, "minute", "minutes");
    }
    buf_puts(out, " ago");
}

void show_put_size(struct buf *out, uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    uint64_t unit = 1024;
    size_t i = 0;
    if (bytes < 2 * unit) {
        buf_put_u64(out, bytes);
        buf_putc(out, ' ');
        paint(out, SGR_CYAN, "B");
        return;
    }
    while (i + 1 < ARRAY_SIZE(units) && bytes >= 2 * 1024 * unit) {
        unit *= 1024;
        i++;
    }
    buf_printf(out, "%.2f ", (double)bytes / (double)unit);
    paint(out, SGR_CYAN, units[i]);
}

/* "<spaces><label>: " */
static void put_label(struct buf *out, size_t level, const char *sgr, const char *label)
{
    listing_put_indent(out, level);
    paint(out, sgr, label);
    buf_puts(out, ": ");
}

static void put_connection(const struct show_input *in, const struct show_row *row, struct buf *out)
{
    const struct wg_peer *p = row->device;
    char endpoint[SOCK_ADDR_TEXT_MAX];
    if (p->has_endpoint) {
        put_label(out, 2, SGR_BOLD, "endpoint");
        buf_printf(out, "%s%s\n", sock_addr_format(&p->endpoint, endpoint),
                   show_is_overridden(in, row) ? " (endpoint overridden locally)" : "");
    }
    if (p->last_handshake_s != 0) {
        put_label(out, 2, SGR_BOLD, "last handshake");
        show_put_duration(out, in->now_s - p->last_handshake_s);
        buf_putc(out, '\n');
    }
    if (p->rx_bytes > 0 || p->tx_bytes > 0) {
        put_label(out, 2, SGR_BOLD, "transfer");
        show_put_size(out, p->rx_bytes);
        buf_puts(out, " received, ");
        show_put_size(out, p->tx_bytes);
        buf_puts(out, " sent\n");
    }
}

static void put_long_row(const struct show_input *in, const struct show_row *row, struct buf *out)
{
    char key[SHOW_KEY_MAX], ip[IP_TEXT_MAX];
    put_label(out, 1, SGR_BOLD_YELLOW, "peer");
    paint(out, SGR_YELLOW, show_row_name(row));
    buf_puts(out, " (");
    paint(out, SGR_YELLOW, show_key(in, row->key, key));
    buf_puts(out, ")\n");
    put_label(out, 2, SGR_BOLD, "ip");
    buf_printf(out, "%s\n", row->ip.family == IP_NONE ? "?" : ip_format(&row->ip, ip));
    if (row->device)
        put_connection(in, row, out);
}

int show_long(const struct show_input *in, struct buf *out)
{
    CLEAN_SHOW_ROWS struct show_rows rows = {0};
    char name[4 * INTERFACE_NAME_MAX_LEN + 1];
    int r = show_rows_init(in, &rows);
    if (r < 0)
        return r;
    put_label(out, 0, SGR_BOLD_GREEN, "network");
    paint(out, SGR_GREEN, log_safe(in->device->name, name, sizeof(name)));
    buf_putc(out, '\n');
    if (in->device->listen_port) {
        put_label(out, 1, SGR_BOLD, "listening port");
        buf_printf(out, "%u\n", in->device->listen_port);
    }
    for (size_t i = 0; i < rows.n; i++)
        put_long_row(in, &rows.items[i], out);
    return out->failed ? -ENOMEM : 0;
}

int show_short(const struct show_input *in, struct buf *out)
{
    CLEAN_SHOW_ROWS struct show_rows rows = {0};
    int r = show_rows_init(in, &rows);
    if (r < 0)
        return r;
    show_put_header(in, out);
    for (size_t i = 0; i < rows.n; i++)
        show_put_row(in, &rows.items[i], 1, out);
    return out->failed ? -ENOMEM : 0;
}
