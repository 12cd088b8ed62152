#include <errno.h>

#include "fetch_internal.h"
#include "innernet/log.h"
#include "innernet/netif.h"

#define PORT_FALLBACK 51820

size_t fetch_candidate_endpoints(const struct ip *ips, size_t n, uint16_t listen_port,
                                 struct endpoint *ret)
{
    if (n > CANDIDATES_REPORT_MAX)
        n = CANDIDATES_REPORT_MAX;
    for (size_t i = 0; i < n; i++)
        ret[i] = (struct endpoint){.ip = ips[i], .port = listen_port ? listen_port : PORT_FALLBACK};
    return n;
}

static int find_addresses(const struct fetch *f, struct ip ips[static CANDIDATES_REPORT_MAX],
                          size_t *ret_n, struct err *err)
{
    *ret_n = 0;
    if (f->options->no_candidates)
        return 0;
    return netif_candidates(f->interface, f->options->excluded, f->options->n_excluded, ips,
                            CANDIDATES_REPORT_MAX, ret_n, err);
}

static void log_candidates(const struct endpoint *eps, size_t n)
{
    log_info("Reporting %zu interface %s as NAT traversal candidate%s", n,
             n == 1 ? "address" : "addresses", n == 1 ? "" : "s");
    for (size_t i = 0; i < n; i++) {
        CLEAN_FREE char *text = endpoint_text(&eps[i]);
        log_debug("  candidate %s", text ? text : "");
    }
}

int fetch_report_candidates(struct fetch *f, struct err *err)
{
    struct ip ips[CANDIDATES_REPORT_MAX];
    struct endpoint eps[CANDIDATES_REPORT_MAX];
    size_t n;
    int r = find_addresses(f, ips, &n, err);
    if (r < 0)
        return err_prefix(err, r, "%s: local addresses", f->interface);
    n = fetch_candidate_endpoints(ips, n, f->device.listen_port, eps);
    log_candidates(eps, n);
    r = api_start_candidates(&f->api, eps, n, err);
    if (r == 0) {
        rest_wait(f->api.rest);
        r = api_finish_candidates(&f->api, err);
    }
    if (r < 0 && f->api.last.class == REST_STATUS && f->api.last.status == 404) {
        log_warn("The server of %s is too old to take candidates", f->interface);
        return 0;
    }
    if (r < 0)
        return err_prefix(err, r, "%s: reporting candidates", f->interface);
    log_debug("Candidates reported");
    return 0;
}
