"""The product as a customer runs it: gunicorn, a Celery worker and beat, against the servers of the tests."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from revops.embedded import ROOT, free_port

BIN = Path(sys.executable).parent
START_SECONDS = 60


@dataclass
class Product:
    """Processes of their own; tests may kill the worker and start it again."""

    database: str
    logs: Path
    port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        self._web("web", self.port)
        self.start_worker()
        self._wait("web", self.url)

    def start_worker(self) -> None:
        schedule = str(self.logs / "beat")
        queues = ["-c", "1", "-l", "INFO"]
        self._run("worker", "celery", "-A", "revops", "worker", *queues, "--beat", "-s", schedule)

    def add_web(self, name: str) -> str:
        """Another web server beside the first; returns its address."""
        port = free_port()
        self._web(name, port)
        self._wait(name, f"http://localhost:{port}")
        return f"http://localhost:{port}"

    def add(self, name: str, program: str, *arguments: str) -> None:
        """Another process of any kind."""
        self._run(name, program, *arguments)

    def end(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """End one that was added, if it still runs."""
        if name in self.processes:
            self._end(name, number)

    def _web(self, name: str, port: int) -> None:
        self._run(name, "gunicorn", "revops.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "6")

    def kill_worker(self) -> None:
        """As a power cut would: no warning, no cleaning up."""
        self._end("worker", signal.SIGKILL)

    def pause_worker(self) -> None:
        self._signal("worker", signal.SIGSTOP)

    def resume_worker(self) -> None:
        self._signal("worker", signal.SIGCONT)

    def stop(self) -> None:
        self.resume_worker()
        for name in self.processes:
            self._signal(name, signal.SIGTERM)
        for name in list(self.processes):
            self._end(name, signal.SIGTERM)

    def log(self, name: str) -> str:
        path = self.logs / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _run(self, name: str, program: str, *arguments: str) -> None:
        environment = os.environ | {
            "DATABASE_URL": re.sub(r"/[^/]*$", f"/{self.database}", os.environ["DATABASE_URL"]),
            "DJANGO_SETTINGS_MODULE": "revops.settings",
            "REVOPS_TESTING": "1",
            "SITE_URL": self.url,
            "TASK_REDELIVERY_SECONDS": "5",
            "PYTHONUNBUFFERED": "1",
            "WEB_CONCURRENCY": "1",
            **self.environment,
        }
        with (self.logs / f"{name}.log").open("ab") as output:
            self.processes[name] = subprocess.Popen(
                [str(BIN / program), *arguments],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def _signal(self, name: str, number: signal.Signals) -> None:
        if name in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(self.processes[name].pid, number)

    def _end(self, name: str, number: signal.Signals) -> None:
        process = self.processes.pop(name)
        members = _group(process.pid)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        # A child that dies after its parent could still take a message from the queue, to the grave.
        deadline = time.monotonic() + 10
        while any(_lives(member) for member in members) and time.monotonic() < deadline:
            time.sleep(0.02)

    def _wait(self, name: str, url: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.processes[name].poll() is None:
            try:
                urllib.request.urlopen(f"{url}/login/", timeout=30).close()
                return
            except urllib.error.HTTPError as error:
                raise RuntimeError(f"/login/ answers {error.code}\n{self.log(name)[-3000:]}") from error
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"The web server did not start.\n{self.log(name)[-3000:]}")


def _group(leader: int) -> list[psutil.Process]:
    """A process and all its children."""
    try:
        parent = psutil.Process(leader)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
