"""Puts the last figures into docs/performance.md."""

import pathlib
import shutil

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
BEGIN, END = "<!-- figures: scripts/bench --write-docs -->", "<!-- end of figures -->"


def _machine_text(m):
    return (f"{m['date']}: {m['cores']} cores of {m['cpu']}, {m['memory_gb']} GB, Linux {m['kernel']} "
            f"({m['architecture']}), {m['compiler']}. Load generator, clients and server share the machine.")


def write(figures, machine, svg):
    page = DOCS / "performance.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    notes = "\n".join(f"* {f.what}, {f.at}: {f.note}." for f in figures.figures if f.note)
    page.write_text(f"{before}{BEGIN}\n{_machine_text(machine)}\n\n{figures.markdown()}\n\n"
                    f"Details:\n\n{notes}\n{END}{after}")
    if svg:
        shutil.copyfile(svg, DOCS / "performance.svg")
