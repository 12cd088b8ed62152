#include <errno.h>
#include <string.h>

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

bool fetch_candidates_are_known(const struct peer *self, const struct endpoint *eps, size_t n,
                                bool has_reported)
{
    if (self->n_candidates != n && !(has_reported && self->n_candidates == n + 1))
        return false;
    return endpoints_equal(self->candidates, eps, n);
}

/* The record of our own address; overrides do not touch candidates. */
static const struct peer *find_self(const struct fetch *f)
{
    for (size_t i = 0; i < f->n_peers; i++)
        if (ip_equal(&f->peers[i].ip, &f->config.address.addr))
            return &f->peers[i];
    return NULL;
}

int fetch_report(struct fetch *f, bool only_news, struct err *err)
{
    struct ip ips[CANDIDATES_REPORT_MAX];
    struct endpoint eps[CANDIDATES_REPORT_MAX];
    size_t n;
    int r = find_addresses(f, ips, &n, err);
    if (r < 0)
        return err_prefix(err, r, "%s: local addresses", f->interface);
    n = fetch_candidate_endpoints(ips, n, f->device.listen_port, eps);
    const struct peer *self = find_self(f);
    bool is_same = n == f->n_reporting && endpoints_equal(eps, f->reporting, n);
    f->has_reported = f->has_reported && is_same;
    if (only_news && f->has_reported)
        return 0;
    if (self && fetch_candidates_are_known(self, eps, n, f->has_reported))
        return 0;
    log_candidates(eps, n);
    memcpy(f->reporting, eps, n * sizeof(*eps));
    f->n_reporting = n;
    f->has_reported = false;
    r = api_start_candidates(&f->report_api, eps, n, err);
    f->is_reporting = r == 0;
    return r < 0 ? r : 1;
}

bool fetch_is_reporting(const struct fetch *f)
{
    return f->is_reporting;
}

bool fetch_has_reported(const struct fetch *f)
{
    return f->is_reporting && rest_has_ended(f->report_api.rest);
}

int fetch_finish_report(struct fetch *f, struct err *err)
{
    int r = api_finish_candidates(&f->report_api, err);
    f->is_reporting = false;
    if (r < 0 && f->report_api.last.class == REST_STATUS && f->report_api.last.status == 404) {
        log_warn("The server of %s is too old to take candidates", f->interface);
        return 0;
    }
    if (r < 0)
        return err_prefix(err, r, "%s: reporting candidates", f->interface);
    f->has_reported = true;
    log_debug("Candidates reported");
    return 0;
}
