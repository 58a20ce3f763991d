"""Real servers for the tests: started once, before Django's settings are read, and shared by all workers.

TEST_SLOT=<name> keeps the data under var/test-<name>, so that --reuse-db saves the migrations.
"""

import os
import re
import tempfile
from pathlib import Path

from revops import embedded

BROKER_OFFSET = 16


def start() -> None:
    """In the controller (or the only process); workers inherit the addresses through the environment."""
    slot = os.environ.get("TEST_SLOT", "")
    home = embedded.DEFAULT_DIR / f"test-{slot}" if slot else Path(tempfile.mkdtemp(prefix="revops-test-"))
    embedded.ensure(home, lossy=True, throw_away=not slot)
    _keep_in(home)
    os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 40)


def _keep_in(home: Path) -> None:
    os.environ["REVOPS_VAR"] = str(home)
    (home / "static").mkdir(parents=True, exist_ok=True)


def apart() -> None:
    """Each worker has a folder of its own, a Redis database, and its broker another: clearing a cache loses no task."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        _keep_in(Path(os.environ["REVOPS_VAR"]) / os.environ["PYTEST_XDIST_WORKER"])
    worker = re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or "0"
    base = re.sub(r"/\d+$", "", os.environ["REDIS_URL"])
    os.environ["REDIS_URL"] = f"{base}/{int(worker) % BROKER_OFFSET}"
    os.environ["CELERY_BROKER_URL"] = f"{base}/{int(worker) % BROKER_OFFSET + BROKER_OFFSET}"
