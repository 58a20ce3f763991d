"""`make spec`: every element with the tests that show it; with an issue's name, its gaps and a failing exit."""

import re
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

from tests import traceability

ISSUES = Path(__file__).parent / "spec" / "issues.toml"


def tests_by_id() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for nodeid, entry in traceability.read().items():
        for name in entry["ids"]:
            found[name].append((nodeid, str(entry["outcome"])))
    return dict(found)


def gaps(names: list[str], found: dict[str, list[tuple[str, str]]]) -> list[str]:
    """An id counts as shown when it has a passing test and none that fails."""
    outcomes = {name: {outcome for _, outcome in found.get(name, [])} for name in names}
    return [name for name in names if "passed" not in outcomes[name] or "failed" in outcomes[name]]


def _natural(name: str) -> list[str | int]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def main(arguments: list[str]) -> int:
    found = tests_by_id()
    names = sorted(found, key=_natural)
    if arguments:
        issues = tomllib.loads(ISSUES.read_text())
        if arguments[0] not in issues:
            print(f"No issue is called {arguments[0]}; there is {', '.join(issues)}.")
            return 2
        names = issues[arguments[0]]["ids"]
    if not found:
        print("No test has told what it shows yet: run `make test` first.")
    for name in names:
        print(name)
        for nodeid, outcome in sorted(found.get(name, [])):
            print(f"    {outcome:<8}{nodeid}")
    if not arguments:
        return 0
    missing = gaps(names, found)
    print(
        f"\n{len(names) - len(missing)} of {len(names)} shown." + (f" Missing: {', '.join(missing)}" if missing else "")
    )
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
