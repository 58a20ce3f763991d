"""Which worker does what, and when: a file stays on one worker, and what takes long goes first.

xdist's own groups are marks that it writes into the names of tests; this pytest does not let it. So the files are the
groups: what a module has made for its tests is made once. Long ones come first, or one core is idle at the end.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# Tests of these are so long that each is handed out by itself.
APART = ("tests/e2e/test_every_page.py", "tests/api/test_fuzz.py")
# The browser tests are the first worker's: they share one product and one Chromium, and what they wait for is the time
# in which the other computes. Whoever has nothing else left helps the other.
BROWSER = "tests/e2e/"
FIRST = (
    "tests/e2e/test_every_page.py",
    "tests/operations/test_image.py",
    "tests/e2e/test_lead_to_cash_browser.py",
    "tests/e2e/test_lists.py",
    "tests/e2e/",
    "tests/scenarios/",
    "tests/test_run.py",
    "tests/bad_input/",
    "tests/orders/test_superstore.py",
    "tests/custom/",
    "tests/api/",
    "tests/architecture/",
    "tests/forecasting/",
    "tests/operations/",
)


class LongestFirst(LoadScopeScheduling):
    """xdist's scheduler for scopes, with ours."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid if file in APART else file

    def _assign_work_unit(self, node: Any) -> None:
        browses = node is self.nodes[0]
        chosen = min(self.workqueue, key=lambda scope: (scope.startswith(BROWSER) != browses, place(scope)))
        self.workqueue.move_to_end(chosen, last=False)
        super()._assign_work_unit(node)


def place(scope: str) -> int:
    """Its place in the row of those that go first; behind them, as they come."""
    return next((number for number, start in enumerate(FIRST) if scope.startswith(start)), len(FIRST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    return LongestFirst(config, log)
