#!/usr/bin/python3
"""usage: rooms.py SOURCE - checks what the compiler does not: which file may include which library,
which room may look into which, and how long a file may get."""

import pathlib
import re
import sys

# Tests may be long tables.
MAX_LINES = {"src": 400, "include": 400, "tests": 800}
# Longer for a reason, as path: reason.
LONGER = {}

# Each library is spoken to by one file or family only (docs/architecture.md).
LIBRARIES = {
    r"libmnl/|linux/(wireguard|genetlink|rtnetlink|netlink|if_link|if_addr)\.h":
        ["src/common/wg_kernel*", "src/common/netif*", "src/common/nl*"],
    r"sodium\.h": ["src/common/key.c", "src/common/map.c", "src/common/digest.c"],
    r"rapidjson/": ["src/common/record_decode*"],
    r"toml\.hpp|toml\+\+": ["src/common/toml.cpp"],
    r"histedit\.h|editline/": ["src/common/prompt*"],
    r"sqlite3\.h": ["src/server/store*", "src/server/schema.c"],
    r"microhttpd\.h": ["src/server/http*"],
    r"zlib\.h": ["src/server/gzip.c"],
    r"curl/": ["src/client/rest*"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def sources(root, *folders):
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".c", ".h", ".cpp"):
                yield path, path.relative_to(root)


def library_faults(name, include):
    for pattern, homes in LIBRARIES.items():
        if re.match(pattern, include) and not any(name.match(home) for home in homes):
            yield f"{name}: includes {include}, which belongs to {', '.join(homes)}"


def room_faults(root, name, path, kind, include):
    """Common sees neither server nor client, and these do not see each other."""
    room = name.parts[1]
    if kind != '"':
        return
    target = (path.parent / include).resolve()
    if target.is_relative_to(root / "src") and target.relative_to(root / "src").parts[0] != room:
        yield f"{name}: includes {include} out of another room"
    if include.startswith("innernet/"):
        return
    if not target.exists():
        yield f"{name}: {include} is neither beside it nor in include/"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    faults = []
    for path, name in sources(root, "src", "include", "tests"):
        text = path.read_text()
        lines = text.count("\n")
        limit = MAX_LINES[name.parts[0]]
        if lines > limit and str(name) not in LONGER:
            faults.append(f"{name}: {lines} lines, more than {limit}: it has two jobs")
        if name.parts[0] == "tests":
            continue
        for kind, include in INCLUDE.findall(text):
            faults += library_faults(name, include)
            if name.parts[0] == "src":
                faults += room_faults(root, name, path, kind, include)
    for name in LONGER:
        if not (root / name).exists():
            faults.append(f"{name} is listed here and does not exist")
    print(*faults, f"{len(faults)} faults", sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
