"""GET /v1/user/state: the whole body and the 304, beside a ceiling that gives the same answer."""

from lab import Lab
from load import compare
from seed import Plan

NO_TAGS = "this server knows no If-None-Match"
GZIP = ("Accept-Encoding", "gzip")


def _whole(lab, figures, options, key, what, at, **how):
    answer = lab.state()
    result = compare(lab, options, 200, answer, **how)
    figures.add(key, what, f"{at}, {len(answer.body) / 1e3:,.0f} kB", result.ratio(), "",
                (">=", 0.85), ratio=result.ratio(),
                note=result.note())
    figures.detail(key, result.as_dict())
    return result


def _unchanged(lab, figures, options, n):
    answer = lab.state()
    tag = answer.header("etag")
    at = f"{n:,} peers"
    if not lab.answers_304(tag):
        for key, what in (("304", "GET state answered 304"), ("poll-cpu", "server CPU per unchanged poll")):
            figures.add(f"{key}.{n}", what, at, note=NO_TAGS)
        return None
    result = compare(lab, options, 304, answer, headers=[("If-None-Match", tag)])
    figures.add(f"304.{n}", "GET state answered 304", at, result.ratio(), "", (">=", 0.7),
                ratio=result.ratio(),
                note=result.note())
    figures.add(f"poll-cpu.{n}", "server CPU per unchanged poll", at, result.server("cpu_ms"), "ms",
                ("<=", 0.010) if n == 10000 else None,
                note=f"ceiling {result.ceiling('cpu_ms'):.4f} ms")
    figures.detail(f"304.{n}", result.as_dict())
    figures.point("304, requests/s", n, result.server())
    figures.point("304, ceiling's requests/s", n, result.ceiling())
    figures.point("304, server CPU ms", n, result.server("cpu_ms"))
    figures.point("304, ceiling's CPU ms", n, result.ceiling("cpu_ms"))
    return result


def by_size(tools, figures, options):
    """One CIDR of each size; wanted are "state" (whole bodies), "304", or both."""
    unchanged = {}
    for n in options.sizes:
        with Lab(tools, Plan(n)) as lab:
            if options.wants("state"):
                result = _whole(lab, figures, options, f"state.{n}", "GET state, full body",
                                f"{n:,} peers in one CIDR")
                figures.point("state, requests/s", n, result.server())
                figures.point("state, ceiling's requests/s", n, result.ceiling())
                figures.point("state, server CPU ms", n, result.server("cpu_ms"))
                figures.point("state, ceiling's CPU ms", n, result.ceiling("cpu_ms"))
            if options.wants("304"):
                unchanged[n] = _unchanged(lab, figures, options, n)
    if options.wants("304") and len(unchanged) > 1:
        _tell_flatness(figures, options, unchanged)


def _tell_flatness(figures, options, unchanged):
    first, last = options.sizes[0], options.sizes[-1]
    at = f"{first:,} and {last:,} peers"
    what = "difference of the two 304 ratios"
    if not unchanged[first] or not unchanged[last]:
        figures.add("304.flat", what, at, note=NO_TAGS)
        return
    ratio = unchanged[last].ratio() / unchanged[first].ratio()
    by_cpu = unchanged[last].cpu_ratio() / unchanged[first].cpu_ratio()
    figures.add("304.flat", what, at, abs(1 - ratio) * 100, "%", ("<=", 10),
                note=f"by CPU time {abs(1 - by_cpu) * 100:.1f} %")


def in_cidrs(tools, figures, options):
    """Many CIDRs: each has an answer of its own. The load comes from eight of them."""
    n, n_cidrs = options.sizes[-1], options.n_cidrs
    for mesh in (False, True):
        plan = Plan(n, n_cidrs, mesh)
        with Lab(tools, plan) as lab:
            for i in range(n_cidrs):
                lab.state(peer=i * plan.per_cidr)
            name = "cidrs.mesh" if mesh else "cidrs"
            at = f"{n:,} peers in {n_cidrs} CIDRs" + (", all associated" if mesh else "")
            _whole(lab, figures, options, name, "GET state, full body", at,
                   spread=min(8, n_cidrs))


def compressed(tools, figures, options):
    """The same with gzip, for whoever asks for it."""
    n = options.sizes[-1]
    with Lab(tools, Plan(n)) as lab:
        answer = lab.state(GZIP)
        if answer.header("content-encoding") != "gzip":
            figures.add("gzip", "GET state, gzip", f"{n:,} peers", note="this server has no gzip")
            return
        result = compare(lab, options, 200, answer, headers=[GZIP])
        figures.add("gzip", "GET state, gzip", f"{n:,} peers, {len(answer.body) / 1e3:,.0f} kB",
                    result.ratio(), "", ratio=result.ratio(),
                    note=result.note())
        figures.detail("gzip", result.as_dict())


