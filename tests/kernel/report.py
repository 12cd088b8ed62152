#!/usr/bin/python3
"""usage: report.py RESULTS FILE... - tells how the tests of these files went in the guest."""

import pathlib
import sys
import xml.etree.ElementTree


def outcome_of(case):
    for tag, outcome in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        found = case.find(tag)
        if found is not None:
            return outcome, found.text or ""
    return "passed", ""


def main():
    results, files = pathlib.Path(sys.argv[1]), sys.argv[2:]
    modules = {str(pathlib.PurePath(name).with_suffix("")).replace("/", ".") for name in files}
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for case in xml.etree.ElementTree.parse(results / "junit.xml").iter("testcase"):
        if case.get("classname") not in modules:
            continue
        outcome, text = outcome_of(case)
        counts[outcome] += 1
        print(f"{outcome:8} {case.get('classname')}::{case.get('name')} ({case.get('time')} s)")
        if text and outcome == "failed":
            print(text)
    print(", ".join(f"{n} {outcome}" for outcome, n in counts.items()))
    return 0 if counts["passed"] and not counts["failed"] else 1


if __name__ == "__main__":
    sys.exit(main())
