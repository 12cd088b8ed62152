#!/usr/bin/python3
"""usage: compat.py SOURCE - checks docs/compatibility.md: every defect and every row of the test
catalogues in docs/spec has a row there, every row has a test or a reason, and every test that is
named exists.

A test is named as `folder/file::test` (with or without "tests/"), `::test` (the same file again), or
`test_name` alone (some file has it). A side's ids are asked for once its section is there.
"""

import pathlib
import re
import sys

DEFINITION = r"^(?:def|static void)\s+(\w+)\s*\("
REFERENCE = re.compile(r"`(?:tests/)?([\w./-]+\.(?:py|c))?::(\w+)`|`(test_\w+)`")


def part(text, heading):
    """The text of one part of a specification, up to the next heading of its rank."""
    match = re.search(rf"^(#+) (?:Part )?{heading}\..*?$(.*?)(?=^\1 |\Z)", text, re.M | re.S)
    if not match:
        raise SystemExit(f"docs/spec has no part \"{heading}\"")
    return match.group(2)


def ids(pattern, text):
    return {normal(found) for found in re.findall(pattern, text, re.M)}


def normal(identifier):
    """T01 and T1 are one."""
    return re.sub(r"^([A-Z]+)0*(\d)", r"\1\2", identifier)


def client_ids(spec):
    defects = {f"9.{n}" for n in re.findall(r"^(\d+)\. ", part(spec, "9"), re.M)}
    return {"Client defects": defects,
            "Client test catalogue": ids(r"^\| ([TD]\d+) \|", part(spec, "10"))}


def server_ids(spec):
    return {"Server defects": ids(r"^\W*(D\d+)\b", part(spec, "7")),
            "Server test catalogue": ids(r"^\| (T\d+) \|", part(spec, "8"))}


def carried_ids(name):
    """Those of test_T08_T09_what_it_shows are T8 and T9."""
    words = re.match(r"test_((?:[A-Z]+\d+_)*)", name)
    return {normal(word) for word in words.group(1).split("_") if word} if words else set()


class Tests:
    def __init__(self, folder):
        self.folder = folder
        self.by_file = {str(path.relative_to(folder)): set(re.findall(DEFINITION, path.read_text(),
                                                                      re.M))
                        for path in folder.rglob("*") if path.suffix in (".py", ".c")}
        self.names = set().union(*self.by_file.values())

    def fault(self, file, name):
        if file is None:
            return None if name in self.names else f"no test {name}"
        if file not in self.by_file:
            return f"no file tests/{file}"
        return None if name in self.by_file[file] else f"tests/{file} has no {name}"

    def ids(self, prefix):
        return {found for name in self.names for found in carried_ids(name)
                if re.fullmatch(rf"{prefix}\d+", found)}


def sections(text):
    parts = re.split(r"^## (.+)$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def rows(section):
    """(id, cells) of the rows of a section's tables; heads and rules have no id."""
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        match = re.match(r"(9\.\d+|[A-Z]+\d+)\b", cells[0])
        if line.startswith("|") and match:
            yield normal(match.group(1)), cells


def row_faults(title, identifier, cells, tests):
    file = None
    references = 0
    for match in REFERENCE.finditer(" ".join(cells[1:])):
        file = match.group(1) or (None if match.group(3) else file)
        name = match.group(2) or match.group(3)
        references += 1
        fault = tests.fault(file, name)
        if fault:
            yield f"{title}, {identifier}: {fault}"
        carried = carried_ids(name)
        if "catalogue" in title and carried and identifier not in carried:
            yield f"{title}, {identifier}: {name} carries another id"
    if references == 0 and not re.search(r"\w{3,}", " ".join(cells[1:])):
        yield f"{title}, {identifier}: neither a test nor a reason"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    spec = root / "docs" / "spec"
    tests = Tests(root / "tests")
    document = sections((root / "docs" / "compatibility.md").read_text())
    expected = {**client_ids((spec / "client.md").read_text()),
                **server_ids((spec / "server.md").read_text())}
    expected["Client test catalogue"] |= tests.ids("CX")
    faults = []
    for title, wanted in expected.items():
        if title not in document:
            if title.startswith("Client"):
                faults.append(f"no section \"{title}\"")
            continue
        if not wanted:
            faults.append(f"{title}: the specification has no ids, or this script cannot see them")
        listed = set()
        for identifier, cells in rows(document[title]):
            listed.add(identifier)
            faults += row_faults(title, identifier, cells, tests)
        faults += [f"{title}: no row for {missing}" for missing in sorted(wanted - listed)]
    print(*faults, f"{len(faults)} faults", sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
