#include "show_rows.h"

#include <errno.h>
#include <stdlib.h>

#include "innernet/map.h"

static const struct peer *find(const struct state *store, const struct map *by_key,
                               const struct key *key)
{
    size_t at;
    return map_get(by_key, key->bytes, KEY_LEN, &at) ? &store->peers[at] : NULL;
}

static struct ip row_ip(const struct peer *record, const struct wg_peer *device)
{
    if (record)
        return record->ip;
    return device && device->n_allowed_ips > 0 ? device->allowed_ips[0].addr : (struct ip){0};
}

static int compare_rows(const void *a, const void *b)
{
    const struct show_row *left = a, *right = b;
    bool no_left = left->ip.family == IP_NONE, no_right = right->ip.family == IP_NONE;
    if (no_left || no_right)
        return (int)no_left - (int)no_right;
    return ip_compare(&left->ip, &right->ip);
}

static void fill(const struct show_input *in, const struct map *by_key, struct show_rows *rows)
{
    const struct peer *self = find(in->store, by_key, &in->device->public_key);
    for (size_t i = 0; i < in->device->n_peers; i++) {
        const struct wg_peer *device = &in->device->peers[i];
        const struct peer *record = find(in->store, by_key, &device->public_key);
        rows->items[rows->n++] = (struct show_row){.record = record,
                                                   .device = device,
                                                   .key = &device->public_key,
                                                   .ip = row_ip(record, device)};
    }
    if (self)
        rows->items[rows->n++] = (struct show_row){
            .record = self, .key = &self->public_key, .ip = self->ip, .is_self = true};
}

int show_rows_init(const struct show_input *in, struct show_rows *ret)
{
    CLEAN_MAP struct map by_key = MAP_INIT;
    struct show_rows rows = {0};
    int r = map_reserve(&by_key, in->store->n_peers);
    for (size_t i = 0; r == 0 && i < in->store->n_peers; i++)
        r = map_put(&by_key, in->store->peers[i].public_key.bytes, KEY_LEN, i);
    if (r < 0)
        return r;
    rows.items = calloc(in->device->n_peers + 1, sizeof(*rows.items));
    if (!rows.items)
        return -ENOMEM;
    fill(in, &by_key, &rows);
    qsort(rows.items, rows.n, sizeof(*rows.items), compare_rows);
    *ret = rows;
    return 0;
}

void show_rows_done(struct show_rows *rows)
{
    free(rows->items);
    *rows = (struct show_rows){0};
}
