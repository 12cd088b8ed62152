#!/usr/bin/python3
"""Measures both programs against their goals; scripts/bench builds them and calls this.
docs/performance.md says what each figure means."""

import argparse
import os
import shutil
import signal
import sys
import time

import answers
import client_cost
import docs_page
import plot
import server_cost
import waiting
from figures import Collection, machine
from lab import Tools

# Name -> (what it is, function(tools, figures, options)). "state" and "304" share their servers.
GROUPS = {
    "state": ("GET state, full body, at all sizes", answers.by_size),
    "304": ("GET state answered 304, at all sizes", answers.by_size),
    "cidrs": ("GET state with many CIDRs", answers.in_cidrs),
    "gzip": ("GET state, gzip", answers.compressed),
    "wake": ("a change, 1,000 clients waiting", waiting.few),
    "crowd": ("a change, every peer of the largest network waiting; memory of the server", waiting.crowd),
    "client": ("the client, once", client_cost.clients),
    "daemon": ("the client as a daemon", client_cost.clients),
    "start": ("the server's start", server_cost.start_up),
    "add-peer": ("innernet-server add-peer --auto-ip", server_cost.add_peer),
    "memory": ("memory of the server, idle", waiting.memory),
}


def sizes(text):
    values = sorted({int(word) for word in text.split(",")})
    if not values or values[0] < 2 or values[-1] > 16000:
        raise argparse.ArgumentTypeError("between 2 and 16000")
    return values


def groups(text):
    names = text.split(",")
    for name in names:
        if name not in GROUPS:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(GROUPS)}")
    return names


def arguments():
    p = argparse.ArgumentParser(prog="scripts/bench", description="Measures innernet against its goals.",
                                epilog="Groups: " + "; ".join(f"{n} ({w})" for n, (w, _) in GROUPS.items()))
    p.add_argument("--only", type=groups, default=list(GROUPS), metavar="GROUP,...",
                   help="these groups of figures only")
    p.add_argument("--sizes", type=sizes, default=[10, 100, 1000, 10000], metavar="N,...",
                   help="numbers of peers (default 10,100,1000,10000)")
    p.add_argument("--quick", action="store_true", help="fewer and shorter runs: rough figures")
    p.add_argument("--rounds", type=int, help="rounds of each comparison (default 11, quick 3)")
    p.add_argument("--seconds", type=int, help="length of one run of load (default 1)")
    p.add_argument("--pin", action="store_true", help="server and load on a processor each: steadier on an idle machine")
    p.add_argument("--json", metavar="PATH", help="where the figures go (default build/bench/results.json)")
    p.add_argument("--svg", metavar="PATH", help="where the plot goes (default beside the JSON)")
    p.add_argument("--strict", action="store_true", help="exit 1 when a goal is missed")
    p.add_argument("--write-docs", action="store_true",
                   help="put table and plot into docs/performance.md and docs/performance.svg")
    p.add_argument("--build", required=True, help=argparse.SUPPRESS)
    options = p.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 11)
    options.seconds = options.seconds or 1
    options.ups = 5 if options.quick else 11
    options.cycles = 4 if options.quick else 10
    options.starts = 3 if options.quick else 7
    options.n_large = server_cost.LARGE if options.sizes[-1] >= 1000 else 300
    options.changes = 2 if options.quick else 6
    options.json = options.json or os.path.join(options.build, "results.json")
    options.svg = options.svg or os.path.splitext(options.json)[0] + ".svg"
    options.n_cidrs = 100 if options.sizes[-1] >= 1000 else 2
    options.wants = lambda name: name in options.only
    return options


def measure(tools, figures, options):
    done = set()
    for name in GROUPS:
        what, function = GROUPS[name]
        if name not in options.only or function in done:
            continue
        done.add(function)
        print(f"{name}: {what}", flush=True)
        function(tools, figures, options)
    figures.growth(1000, 10000)


def main():
    options = arguments()
    if os.geteuid() != 0:
        sys.exit("scripts/bench makes network namespaces: run it as root.")
    for program in ("wrk", "gnuplot", "wg", "nsenter", "nft"):
        if not shutil.which(program):
            sys.exit(f"{program} is missing: scripts/bench installs it.")
    # Whatever ends us takes everything in our namespaces along; this also removes the folders.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    figures = Collection(lambda line: print(line, flush=True))
    begun = time.monotonic()
    try:
        measure(Tools(options.build), figures, options)
    except KeyboardInterrupt:
        sys.exit(130)
    print(f"\n{figures.table()}\n")
    about = machine()
    figures.write_json(options.json, machine=about, seconds=round(time.monotonic() - begun, 1), quick=options.quick,
                       rounds=options.rounds, pinned=options.pin, seconds_per_run=options.seconds, sizes=options.sizes)
    has_plot = plot.draw(figures.series, options.svg)
    print(f"Figures: {options.json}" + (f"\nPlot: {options.svg}" if has_plot else ""))
    if options.write_docs:
        docs_page.write(figures, about, options.svg if has_plot else None)
    for figure in figures.missed():
        print(f"Missed: {figure.what}, {figure.at}")
    return 1 if options.strict and figures.missed() else 0


if __name__ == "__main__":
    sys.exit(main())
