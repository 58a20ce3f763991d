"""How the web is served. gunicorn finds this file by itself; what is set on its command line wins."""

import os
import shutil
import tempfile
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")
# Processes of one gunicorn add up their counts in files of a folder of their own. Named before anything counts.
_figures = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="revops-metrics-")

from django.conf import settings
from prometheus_client import multiprocess

workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = int(os.environ.get("WEB_THREADS") or 4)
timeout = 60
graceful_timeout = 20
# A connection that a proxy keeps open must not end in our hands just when it is used again.
keepalive = 75
# Reloads now and then, so that memory that a library loses does not add up; not all at once.
max_requests, max_requests_jitter = 20_000, 2_000
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108
# Nothing is steered from outside but by signals.
control_socket_disable = True
logconfig_dict = settings.LOGGING


def child_exit(server: Any, worker: Any) -> None:
    multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    shutil.rmtree(_figures, ignore_errors=True)
