"""Prints what a run of the checks and the tests left out, by reason.

`python tools/skipped.py REPORT LOG`: REPORT is pytest's JUnit file (`make test` writes build/tests.xml), LOG the output
of `make check`, whose lines `skipped: WHAT: WHY` are repeated.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path


def skipped_tests(report: Path) -> dict[str, list[str]]:
    """The names of the tests that were skipped, by reason."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for case in ElementTree.parse(report).iter("testcase"):
        for skip in case.iter("skipped"):
            reason = skip.get("message") or "no reason given"
            by_reason[reason].append(".".join(filter(None, (case.get("classname"), case.get("name")))))
    return dict(by_reason)


def skipped_checks(log: Path) -> list[str]:
    """The checks that say they were skipped, each with its reason."""
    return [line.removeprefix("skipped: ") for line in log.read_text().splitlines() if line.startswith("skipped: ")]


def slow_tests(tests: Path) -> int:
    """The number of places in the tests that bear the mark `slow`, which `make test` leaves to `make slow`."""
    return sum(path.read_text().count("pytest.mark." + "slow") for path in tests.rglob("test_*.py"))


def main(report: Path, log: Path) -> None:
    """Prints the list, or that nothing was skipped."""
    lines = [f"  {check}" for check in skipped_checks(log)]
    if report.exists():
        for reason, names in sorted(skipped_tests(report).items(), key=lambda item: -len(item[1])):
            lines.append(f"  {len(names)} test{'s' * (len(names) > 1)}: {reason}")
            lines += [f"    {name}" for name in names[:5]]
            lines += [f"    and {len(names) - 5} more"] if len(names) > 5 else []
    else:
        lines.append("  every test: they did not run to their end")
    if num_slow := slow_tests(Path("tests")):
        lines.append(f"  {num_slow} marked slow: long runs, left to make slow")
    print("\n".join(["skipped:", *lines]) if lines else "nothing was skipped")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
