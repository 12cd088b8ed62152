#include <errno.h>
#include <stdlib.h>

#include "innernet/map.h"
#include "nat_plan.h"

void nat_told_clear(struct nat_told *told)
{
    free(told->keys);
    *told = (struct nat_told){0};
}

bool nat_told_update(struct nat_told *told, const struct nat_plan *plan, bool is_partial)
{
    CLEAN_MAP struct map before = MAP_INIT;
    struct nat_told next = {0};
    bool is_news = false;
    int r = map_reserve(&before, told->n + 1);
    for (size_t i = 0; r == 0 && i < told->n; i++)
        r = map_put(&before, told->keys[i].bytes, KEY_LEN, i);
    next.keys = calloc(told->n + plan->n_silent + 1, sizeof(*next.keys));
    if (r < 0 || !next.keys) {
        free(next.keys);
        return false;
    }
    for (size_t i = 0; is_partial && i < told->n; i++)
        next.keys[next.n++] = told->keys[i];
    for (size_t i = 0; i < plan->n_silent; i++) {
        bool is_new = !map_get(&before, plan->silent[i]->public_key.bytes, KEY_LEN, NULL);
        is_news = is_news || is_new;
        if (is_new || !is_partial)
            next.keys[next.n++] = plan->silent[i]->public_key;
    }
    map_clear(&before);
    nat_told_clear(told);
    *told = next;
    return is_news;
}
