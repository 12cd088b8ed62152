"""Figures and goals: collected while measuring, then printed, written as JSON, drawn."""

import json
import os
import platform
import subprocess
import time

HEAD = ("figure", "at", "measured", "goal", "met", "ratio to the ceiling")


def text_of(value):
    """Three digits say enough."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"


class Figure:
    """One row. `key` names it in JSON, `at` says at what size; `goal` is (relation, number) or None."""

    def __init__(self, key, what, at, value=None, unit="", goal=None, ratio=None, note=""):
        self.key, self.what, self.at = key, what, at
        self.value, self.unit, self.goal, self.ratio, self.note = value, unit, goal, ratio, note

    @property
    def met(self):
        """None: nothing was measured, or nothing was asked for."""
        if self.value is None or self.goal is None:
            return None
        relation, wanted = self.goal
        return self.value >= wanted if relation == ">=" else self.value <= wanted

    def _with_unit(self, number):
        return f"{text_of(number)} {self.unit}".strip()

    def cells(self):
        measured = "not available" if self.value is None else self._with_unit(self.value)
        goal = f"{self.goal[0]} {self._with_unit(self.goal[1])}" if self.goal else ""
        met = {True: "yes", False: "NO", None: ""}[self.met]
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return (self.what, self.at, measured, goal, met, ratio)

    def as_dict(self):
        return {"key": self.key, "figure": self.what, "at": self.at, "measured": self.value,
                "unit": self.unit, "goal": self.goal and {"relation": self.goal[0], "value": self.goal[1]},
                "met": self.met, "ratio": self.ratio, "note": self.note}


def machine():
    """Where and with what this was measured."""
    cpu = ""
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo") as f:
        memory_kb = int(f.readline().split()[1])

    def first_line(*argv):
        done = subprocess.run(argv, capture_output=True, text=True)
        return done.stdout.splitlines()[0] if done.stdout else ""
    return {"cores": os.cpu_count(), "cpu": cpu, "memory_gb": round(memory_kb / 1024**2, 1),
            "kernel": platform.release(), "architecture": platform.machine(),
            "compiler": first_line("cc", "--version"),
            "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())}


class Collection:
    def __init__(self, report=print):
        self.figures = []
        self.series = {}   # line of the plot -> {N: value}
        self.details = {}
        self.report = report

    def add(self, *args, **kwargs):
        figure = Figure(*args, **kwargs)
        self.figures.append(figure)
        self.report("  " + " | ".join(c for c in figure.cells() if c)
                    + (f"  ({figure.note})" if figure.note else ""))
        return figure

    def point(self, line, n, value):
        self.series.setdefault(line, {})[n] = value

    def detail(self, key, what):
        self.details[key] = what

    def growth(self, lower, upper):
        """How much each cost grew between two sizes: at most as the size did, or as the ceiling's where that
        is more (a tenth more, for both are measured). Rates would tell nothing else."""
        def factor(line):
            points = self.series.get(line, {})
            return points[upper] / points[lower] if points.get(lower) and upper in points else None
        for line in list(self.series):
            grown = None if "requests/s" in line or "ceiling" in line else factor(line)
            if grown is None:
                continue
            floor = factor(line.replace("server CPU", "ceiling's CPU")) if "server CPU" in line else None
            limit = max(upper / lower, 1.1 * (floor or 0))
            self.add(f"growth.{line}", f"growth of: {line}", f"{lower:,} to {upper:,} peers", grown,
                     "times", ("<=", limit), ratio=floor and grown / floor,
                     note=f"the ceiling's: {text_of(floor)} times" if floor else "")

    def missed(self):
        return [f for f in self.figures if f.met is False]

    # --- output ------------------------------------------------------------------------------

    def table(self):
        rows = [HEAD, *(f.cells() for f in self.figures)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
        lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip() for row in rows]
        lines.insert(1, "  ".join("-" * w for w in widths))
        return "\n".join(lines)

    def markdown(self):
        rows = [HEAD, ("---",) * len(HEAD), *(f.cells() for f in self.figures)]
        return "\n".join("| " + " | ".join(row) + " |" for row in rows)

    def as_dict(self, **more):
        return {**more,
                "figures": [f.as_dict() for f in self.figures],
                "series": {line: sorted(points.items()) for line, points in self.series.items()},
                "details": self.details}

    def write_json(self, path, **more):
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path, "w") as f:
            json.dump(self.as_dict(**more), f, indent=1)
            f.write("\n")
