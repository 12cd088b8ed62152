"""The plot: requests per second and processor time against the number of peers, by gnuplot."""

import subprocess

# Panel -> lines of figures.Collection.series, as (line, title, style).
RATES = ("GET state", "requests/s", [
    ("state, ceiling's requests/s", "ceiling, full body", "lc '#9aa7b8' dt 2"),
    ("state, requests/s", "innernet-server, full body", "lc '#1f5fa8'"),
    ("304, ceiling's requests/s", "ceiling, 304", "lc '#c9b28f' dt 2"),
    ("304, requests/s", "innernet-server, 304", "lc '#b5651d'"),
])
COSTS = ("CPU per fetch", "ms", [
    ("client, up with the full state, CPU ms", "innernet up, full state", "lc '#2e7d32'"),
    ("client, daemon, one peer changed, CPU ms", "daemon, one peer changed", "lc '#7cb342'"),
    ("client, up answered 304, CPU ms", "innernet up, 304", "lc '#00838f'"),
    ("client, daemon's cycle with 304, CPU ms", "daemon, cycle with 304", "lc '#6a4fa3'"),
    ("state, server CPU ms", "server, full body", "lc '#1f5fa8'"),
    ("304, server CPU ms", "server, 304", "lc '#b5651d'"),
])

HEAD = """set terminal svg size 1060,500 font 'sans-serif,12' background '#ffffff'
set output '{path}'
set multiplot layout 1,2
set logscale xy
set xlabel 'peers in one CIDR' offset 0,0.4
set format x '%.0f'
set grid xtics ytics lt 1 lc '#dddddd'
set tics nomirror
set border 3
set xrange [{low}:{high}]
set key below horizontal left samplen 2 width -2
"""


def _panel(series, title, unit, lines, linear):
    """Blocks of data and the command that draws them; nothing without data."""
    blocks, draws = [], []
    for i, (line, name, style) in enumerate(lines):
        points = sorted(series.get(line, {}).items())
        if len(points) < 2:
            continue
        block = f"${title.replace(' ', '_')}_{i}"
        blocks.append(f"{block} << E\n" + "".join(f"{n} {v:.9g}\n" for n, v in points) + "E\n")
        draws.append(f"{block} with linespoints pt 7 ps 0.5 lw 2 {style} title '{name}'")
    if not draws:
        return ""
    if linear:
        n, value = linear
        draws.append(f"{value}*x/{n} with lines lc '#cccccc' dt 3 lw 1 title 'growth as N'")
    y_format = "set format y '%.0f'\n" if unit == "requests/s" else "set format y '%g'\n"
    return (f"{''.join(blocks)}set title '{title}'\nset ylabel '{unit}'\n{y_format}"
            f"plot {', '.join(draws)}\n")


def draw(series, path):
    """Writes the SVG; False when there is too little to draw."""
    sizes = sorted({n for line in (*RATES[2], *COSTS[2]) for n in series.get(line[0], {})})
    if len(sizes) < 2:
        return False
    up = series.get("client, up with the full state, CPU ms", {})
    linear = (sizes[-1], up[sizes[-1]]) if sizes[-1] in up else None
    panels = _panel(series, *RATES, None) + _panel(series, *COSTS, linear)
    if not panels:
        return False
    script = HEAD.format(path=path, low=sizes[0] * 0.8, high=sizes[-1] * 1.25) + panels
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
    return True
