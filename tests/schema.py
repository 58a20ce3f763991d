"""Migrating an empty database takes many seconds, restoring what came out takes one.

The result is kept under var/, named by a digest of all migrations, so it can never be an old one.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

from revops import embedded

FOLDER = embedded.DEFAULT_DIR / "schemas"
KEPT = 3


class Schema:
    """The tables of one test database."""

    def __init__(self, database: str, *, reuse: bool) -> None:
        self.database, self.reuse = database, reuse
        self.digest = ""
        self._lock: TextIO | None = None

    @property
    def dump(self) -> Path:
        return FOLDER / f"{self.digest}.sql"

    def prepare(self) -> bool:
        """Whether the database stands as the migrations would leave it."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        self._lock = (FOLDER / "lock").open("w")
        # One migrates, the other workers wait for what it made.
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        # Asked after the waiting: somebody may have written a migration meanwhile, and others have run it already.
        self.digest = _digest()
        if self.reuse and self._mark() == self.digest:
            return True
        if not self.dump.exists():
            return False
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", "CREATE DATABASE {}")
        fill(_url(self.database))
        self._write_mark()
        return True

    def settled(self) -> None:
        """After the set-up: keep what the migrations made, let the others go on."""
        if not self.dump.exists() and _digest() == self.digest:
            partial = self.dump.with_suffix(f".{os.getpid()}")
            _run("pg_dump", "--no-owner", "-f", str(partial), _url(self.database))
            partial.replace(self.dump)
            self._write_mark()
            for old in sorted(FOLDER.glob("*.sql"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
                old.unlink(missing_ok=True)
        if self._lock:
            self._lock.close()

    def _mark(self) -> str | None:
        (row,) = self._execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = {}", literal=True
        ) or [(None,)]
        return row[0]

    def _write_mark(self) -> None:
        self._execute(f"COMMENT ON DATABASE {{}} IS '{self.digest}'")

    def _execute(self, *statements: str, literal: bool = False) -> list[tuple[str | None]]:
        name = sql.Literal(self.database) if literal else sql.Identifier(self.database)
        connection = psycopg2.connect(_url("postgres"))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(sql.SQL(statement).format(name))
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


def fill(url: str) -> None:
    """Put the tables into another empty database, after the set-up of this one."""
    dump = FOLDER / f"{_digest()}.sql"
    if dump.exists():
        _run("psql", "-qX", "-v", "ON_ERROR_STOP=1", "-1", "-o", os.devnull, "-f", str(dump), url)
        return
    # Somebody wrote a migration meanwhile, or these tests run on a server of somebody's own.
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "revops.settings"}
    command = [sys.executable, "manage.py", "migrate", "--noinput"]
    subprocess.run(command, check=True, capture_output=True, cwd=embedded.ROOT, env=environment)


def _digest() -> str:
    paths = [path for top in ("revops/*", "*") for path in embedded.ROOT.glob(f"{top}/migrations/*.py")]
    digest = hashlib.sha256((embedded.ROOT / "requirements.txt").read_bytes())
    for path in sorted(paths):
        digest.update(path.relative_to(embedded.ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:20]


def _url(database: str) -> str:
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}", scheme="postgresql").geturl()


def _run(program: str, *arguments: str) -> None:
    binary = embedded.pg_bin() / program
    done = subprocess.run([str(binary), *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{program} failed:\n{done.stderr}")
