"""`make run` in a folder of its own: it answers, and whatever ends it, no process stays."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from revops.embedded import ROOT, Services, free_port
from tests import schema

pytestmark = pytest.mark.timeout(180)


def _environment(folder: Path, port: int) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG", "XDG_RUNTIME_DIR")}
    return inherited | {"REVOPS_VAR": str(folder), "PORT": str(port), "DEMO": "0", "PYTHONUNBUFFERED": "1"}


def _start(folder: Path, port: int) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "revops.run"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=_environment(folder, port), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "revops runs at" in line:
            return process, said
    raise AssertionError(f"make run did not start:\n{said}")


def _of(folder: Path) -> list[psutil.Process]:
    """Every process that knows the folder: the children have it in their environment or arguments."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("REVOPS_VAR") == str(folder) or str(folder) in " ".join(process.cmdline()):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


@pytest.fixture
def folder(tmp_path: Path, django_db_setup: None) -> Path:
    """What `make run` leaves behind when its tables are made: this run of the tests has made the same once."""
    servers = Services(tmp_path)
    servers.start(valkey=False)
    schema.fill(servers.postgres.url())
    servers.release()
    return tmp_path


def test_it_answers_and_leaves_no_process(folder: Path) -> None:
    port = free_port()
    for number in (signal.SIGINT, signal.SIGTERM):
        started = time.monotonic()
        process, _ = _start(folder, port)
        try:
            answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/login/", timeout=20)
            took = time.monotonic() - started
            names = {running.name() for running in _of(folder)}
        finally:
            # As make does: the terminal's signal, and make's own copy of it.
            process.send_signal(number)
            process.send_signal(number)
        assert answer.status == 200
        assert {"gunicorn", "postgres", "valkey-server"} <= names
        assert process.wait(30) == 0
        assert _of(folder) == []
    # Ten seconds is the promise on a free machine.
    assert took < 30


def test_a_second_user_of_the_servers_keeps_them_alive(tmp_path: Path) -> None:
    first, second = Services(tmp_path, lossy=True), Services(tmp_path, lossy=True)
    first.start()
    second.start()
    assert first.postgres.url() == second.postgres.url()
    first.release()
    assert second.postgres.accepts()
    second.release()
    assert not second.postgres.accepts()
    assert _of(tmp_path) == []
