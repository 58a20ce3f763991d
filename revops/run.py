"""`make run`: web, worker and beat in one terminal; whatever ends it, nothing stays behind."""

import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import FrameType

from revops import embedded

CAST = {
    "alice": "account executive",
    "bob": "her manager",
    "charlie": "account executive of another team",
    "dana": "director, sees everything",
    "erin": "finance",
    "sam": "sales development",
    "olga": "RevOps administrator",
    "paula": "guest of a partner, sees the partner's view",
}
STOP_SECONDS = 10
START_SECONDS = 60
BIN = Path(sys.executable).parent
_PR_SET_PDEATHSIG = 1


def main() -> int:
    started = time.monotonic()
    # Named outright: a shell that starts us in the background had SIGINT ignored.
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    port, host = os.environ.get("PORT", "8000"), os.environ.get("HOST", "127.0.0.1")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")
    os.environ.setdefault("SITE_URL", f"http://localhost:{port}")
    # The terminal keeps the list of logins in view; LOG_LEVEL=INFO shows each request.
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        if _taken(host, int(port)):
            print(f"Port {port} is in use. Choose another one: make run PORT=8001", file=sys.stderr)
            return 1
        with _services():
            _manage("prepare_run")
            try:
                for name, command in _commands(host, port).items():
                    processes[name] = _start(command)
                if not _answers(port, processes):
                    print("The web server did not start; its messages stand above.", file=sys.stderr)
                    return 1
                _welcome(port, time.monotonic() - started)
                return _watch(processes)
            finally:
                _stop(processes)
    except KeyboardInterrupt:
        return 0
    except subprocess.CalledProcessError as error:
        print(f"`{' '.join(error.cmd)}` failed; its messages stand above.", file=sys.stderr)
        return 1


def _interrupt(number: int, frame: FrameType | None) -> None:
    # make passes a signal on that reached us already; the second must not cut the stopping short.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


class _services:  # noqa: N801 - reads as a verb in `with _services()`
    """The embedded servers, where no address of other ones is set."""

    def __enter__(self) -> None:
        self.held = embedded.ensure()

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if self.held:
            self.held.release()


def _manage(*arguments: str) -> None:
    subprocess.run([sys.executable, str(embedded.ROOT / "manage.py"), *arguments], check=True)


def _commands(host: str, port: str) -> dict[str, list[str]]:
    celery = [str(BIN / "celery"), "--quiet", "-A", "revops", "--workdir", str(embedded.ROOT)]
    web = [str(BIN / "gunicorn"), "revops.wsgi", "--chdir", str(embedded.ROOT), "--bind", f"{host}:{port}"]
    return {
        "web": [
            *web,
            "--workers",
            os.environ.get("WEB_CONCURRENCY", "2"),
            "--threads",
            "4",
            "--log-level",
            "warning",
        ],
        "worker": [*celery, "worker", "-c", "2", "-l", "WARNING"],
        "beat": [*celery, "beat", "-l", "WARNING", "--pidfile="],
    }


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    # A session of its own each: Ctrl-C reaches only the supervisor, which stops them in order and as groups.
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_die_with_parent)


def _die_with_parent() -> None:
    """On Linux the kernel ends a child whose supervisor was killed; elsewhere there is no such offer."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _taken(host: str, port: int) -> bool:
    with embedded.socket.socket() as probe:
        return probe.connect_ex((host if host != "0.0.0.0" else "127.0.0.1", port)) == 0  # noqa: S104


def _answers(port: str, processes: dict[str, subprocess.Popen[bytes]]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and all(process.poll() is None for process in processes.values()):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/login/", timeout=5).close()
            return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.1)
    return False


def _welcome(port: str, seconds: float) -> None:
    print(f"\nrevops runs at http://localhost:{port} (after {seconds:.1f} s). Ctrl-C stops it.\n")
    if not os.environ.get(embedded.MARKER):
        return
    password = os.environ.get("DEMO_PASSWORD", "try-revops-2026")
    print(f"Log in as one of these, with the password {password}")
    for name, job in CAST.items():
        print(f"  {name:<8} {job}")
    print(flush=True)


def _watch(processes: dict[str, subprocess.Popen[bytes]]) -> int:
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                print(f"{name} ended with {process.returncode}; stopping the rest.", file=sys.stderr)
                return 1
        time.sleep(0.5)


def _stop(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for process in processes.values():
        _signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes.values():
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, deadline - time.monotonic()))
    for process in processes.values():
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


if __name__ == "__main__":
    sys.exit(main())
