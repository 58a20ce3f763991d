"""Which test shows which element of semantics.md: marks become var/spec.json, read by `make spec`."""

import fcntl
import json
from pathlib import Path
from typing import Any

import pytest

REPORT = Path(__file__).resolve().parent.parent / "var" / "spec.json"
RANK = {"passed": 0, "skipped": 1, "failed": 2}


class SpecReport:
    """Collects outcomes in the controller; marks travel from the workers as user properties."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[str, Any]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            ids = sorted({str(name) for mark in item.iter_markers("spec") for name in mark.args})
            if ids:
                item.user_properties.append(("spec", ids))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        ids = dict(report.user_properties).get("spec")
        if not ids:
            return
        entry = self.seen.setdefault(report.nodeid, {"ids": ids, "outcome": "passed"})
        if RANK[report.outcome] > RANK[str(entry["outcome"])]:
            entry["outcome"] = report.outcome

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workerinput") or session.config.option.collectonly or not self.seen:
            return
        REPORT.parent.mkdir(exist_ok=True)
        with REPORT.with_suffix(".lock").open("w") as mutex:
            fcntl.flock(mutex, fcntl.LOCK_EX)
            ran = {nodeid.split("::")[0] for nodeid in self.seen}
            # A file that ran replaces what it said before; others stand as they are.
            kept = {
                nodeid: entry
                for nodeid, entry in read().items()
                if nodeid.split("::")[0] not in ran and (REPORT.parent.parent / nodeid.split("::")[0]).exists()
            }
            REPORT.write_text(json.dumps(kept | self.seen, indent=1, sort_keys=True))


def read() -> dict[str, dict[str, Any]]:
    try:
        found: dict[str, dict[str, Any]] = json.loads(REPORT.read_text())
    except (OSError, ValueError):
        return {}
    return found
