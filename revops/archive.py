"""One file that holds an installation: the database, the files of people, and a manifest that proves both.

The database is dumped by PostgreSQL's own pg_dump in the snapshot in which the rows are counted; the files follow.
Sessions stay out, so that nobody is signed in again by an old archive. A restore checks everything before it touches
anything, and replaces the database in one transaction.
"""

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from psycopg2 import sql

from revops import embedded
from revops.core import clock
from revops.core.storage import PARTIAL

FORMAT = 1
DUMP, MEDIA, MANIFEST = "database.dump", "media/", "manifest.json"
UNKEPT = ("django_session",)
# What migrations and the frame write by themselves; a database with nothing else in it is empty.
FURNITURE = {
    "django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions",
    "core_taskrun", *UNKEPT,
}  # fmt: skip
PIECE = 1 << 20


class ArchiveError(Exception):
    """Why an archive was not made or not restored. Nothing was changed, unless the message says so."""


# Making one -------------------------------------------------------------------------------


def make(target: Path) -> Path:
    """Write an archive to a file, or into a folder under a name of its own. Whole or not at all."""
    if target.is_dir():
        target = target / f"revops-{clock.now():%Y%m%dT%H%M%SZ}.tar"
    if target.exists():
        raise ArchiveError(f"{target} exists already.")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        # Customers' data: for the account that made it and nobody else.
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "wb") as file:
            _write(file, partial.parent)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _write(file: IO[bytes], scratch: Path) -> None:
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        sums: dict[str, str] = {}
        with tempfile.TemporaryDirectory(dir=scratch, prefix=".revops-") as folder:
            dump = Path(folder) / DUMP
            rows = _dump(dump)
            sums[DUMP] = _add(tar, dump, DUMP)
        for path in _files():
            name = MEDIA + path.relative_to(settings.MEDIA_ROOT).as_posix()
            try:
                sums[name] = _add(tar, path, name)
            except FileNotFoundError:
                continue  # deleted since the snapshot, as the sweep of unused files does
        manifest = {
            "format": FORMAT,
            "made_at": clock.now().isoformat(),
            "postgresql": connection.connection.server_version // 10_000,
            "migrations": sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()),
            "rows": rows,
            "sha256": sums,
        }
        body = json.dumps(manifest, indent=1).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(body), 0o600
        tar.addfile(info, io.BytesIO(body))


def _dump(path: Path) -> dict[str, int]:
    """pg_dump and the counts of all rows, in one snapshot."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        options = [f"--snapshot={cursor.fetchone()[0]}", "--format=custom", "--no-owner", "--no-privileges"]
        options += [f"--exclude-table-data={table}" for table in UNKEPT]
        rows = {table: _count(cursor, table) for table in tables() if table not in UNKEPT}
        _run("pg_dump", *options, "--file", str(path))
    return rows


def tables() -> list[str]:
    """Every table of ours, history and queues included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


def _count(cursor: Any, table: str) -> int:
    cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)).as_string(cursor.connection))
    return int(cursor.fetchone()[0])


def _files() -> Iterator[Path]:
    root = Path(settings.MEDIA_ROOT)
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and not path.name.startswith(PARTIAL):
            yield path


def _plain(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Files and folders below the archive's own; Python before 3.11.4 has no filter that would see to it."""
    for member in tar:
        inside = not member.name.startswith("/") and ".." not in Path(member.name).parts
        if not inside or not (member.isfile() or member.isdir()):
            raise ArchiveError(f"The archive holds “{member.name}”, which no backup of ours has.")
        yield member


def _add(tar: tarfile.TarFile, path: Path, name: str) -> str:
    """Add a file and return the sum of exactly what was added."""
    with path.open("rb") as source:
        info = tar.gettarinfo(name=str(path), arcname=name, fileobj=source)
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        summed = _Summed(source)
        tar.addfile(info, summed)  # type: ignore[arg-type]
    return summed.digest.hexdigest()


@dataclass
class _Summed:
    """A file that is summed while somebody else reads it."""

    source: IO[bytes]

    def __post_init__(self) -> None:
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self.source.read(size)
        self.digest.update(piece)
        return piece


# Checking one -----------------------------------------------------------------------------


def check(archive: Path) -> dict[str, Any]:
    """The manifest of an archive in which every byte is as it was written; else ArchiveError."""
    try:
        with tarfile.open(archive, "r:") as tar:
            found = {member.name: _sum_of(tar, member) for member in tar}
            body = tar.extractfile(MANIFEST) if MANIFEST in found else None
            manifest: dict[str, Any] = json.load(body) if body else {}
    except (OSError, tarfile.TarError, ValueError, EOFError) as error:
        raise ArchiveError(f"{archive} is damaged or no archive of ours ({error}). Nothing was changed.") from error
    if manifest.get("format") != FORMAT:
        raise ArchiveError(f"{archive} is cut off, or no archive of this version. Nothing was changed.")
    found.pop(MANIFEST)
    expected: dict[str, str] = manifest["sha256"]
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        raise ArchiveError(f"{archive} is damaged: {', '.join(wrong[:5])}. Nothing was changed.")
    return manifest


def _sum_of(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    place = PurePosixPath(member.name)
    if not member.isfile() or place.is_absolute() or ".." in place.parts:
        raise tarfile.TarError(f"{member.name} has no place in it")
    body = tar.extractfile(member)
    digest = hashlib.sha256()
    while body is not None and (piece := body.read(PIECE)):
        digest.update(piece)
    return digest.hexdigest()


# Restoring one ----------------------------------------------------------------------------


def restore(archive: Path, *, force: bool = False) -> dict[str, Any]:
    """Put an archive in the place of what is there. Without `force` only into an empty installation."""
    manifest = check(archive)
    _refuse_newer(manifest)
    if not force:
        _refuse_unless_empty()
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=PARTIAL) as folder:
        staged = Path(folder)
        with tarfile.open(archive, "r:") as tar:
            tar.extractall(staged, members=list(_plain(tar)))  # noqa: S202
        connection.close()
        _replace_database(staged / DUMP)
        _replace_files(staged / MEDIA.rstrip("/"), root, keep=staged)
    _compare(manifest)
    return manifest


def _refuse_newer(manifest: dict[str, Any]) -> None:
    known = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    unknown = sorted(set(manifest["migrations"]) - known)
    if unknown:
        raise ArchiveError(
            f"The archive was made by a newer version: this one lacks {', '.join(unknown[:3])}. Nothing was changed."
        )


def _refuse_unless_empty() -> None:
    with connection.cursor() as cursor:
        for table in tables():
            if table not in FURNITURE and _any(cursor, table):
                raise ArchiveError(f"The database is not empty ({table}). --force replaces it. Nothing was changed.")
    if next(_files(), None) is not None:
        raise ArchiveError(f"{settings.MEDIA_ROOT} is not empty. --force replaces it. Nothing was changed.")


def _any(cursor: Any, table: str) -> bool:
    asked = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table))
    cursor.execute(asked.as_string(cursor.connection))
    return bool(cursor.fetchone()[0])


def _replace_database(dump: Path) -> None:
    """Out with the old, in with the new, both or neither."""
    script = dump.with_suffix(".sql")
    with script.open("wb") as file:
        # Whoever still works on the tables is waited for, but not for ever.
        file.write(b"SET lock_timeout = '30s';\nSET client_min_messages = warning;\n")
        file.write(b"DROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n")
        file.flush()
        _run("pg_restore", "--no-owner", "--no-privileges", "--file=-", str(dump), connect=False, output=file)
    try:
        _run("psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-o", os.devnull, "-f", str(script))
    except ArchiveError as error:
        raise ArchiveError(f"The database was not replaced, it is as it was. {error}") from error
    finally:
        script.unlink()


def _replace_files(new: Path, root: Path, *, keep: Path) -> None:
    for old in root.iterdir():
        if old != keep:
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
    for path in new.iterdir() if new.is_dir() else ():
        path.rename(root / path.name)


def _compare(manifest: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        wrong = [table for table, rows in manifest["rows"].items() if _count(cursor, table) != rows]
    if wrong:
        raise ArchiveError(f"The archive was restored, but these tables differ: {', '.join(wrong)}.")


# PostgreSQL's own tools -------------------------------------------------------------------


def _run(program: str, *arguments: str, connect: bool = True, output: IO[bytes] | None = None) -> None:
    command = [str(_tools() / program), *arguments]
    environment = {**os.environ, **(_address() if connect else {})}
    done = subprocess.run(command, stdout=output or subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    if done.returncode:
        raise ArchiveError(f"{program} failed: {done.stderr.decode(errors='replace').strip()[-600:]}")


def _address() -> dict[str, str]:
    """Where the database is, by environment: a password on a command line is anybody's to read."""
    given = connection.get_connection_params()
    names = {
        "PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password", "PGDATABASE": "dbname",
        "PGSSLMODE": "sslmode", "PGSSLROOTCERT": "sslrootcert",
    }  # fmt: skip
    return {variable: str(given[name]) for variable, name in names.items() if given.get(name)}


def _tools() -> Path:
    """The folder of a pg_dump that is no older than the server: the machine's, else the wheel's."""
    connection.ensure_connection()
    server = connection.connection.server_version // 10_000
    folders = [Path(path).parent for path in [shutil.which("pg_dump")] if path]
    with suppress(embedded.EmbeddedError):
        folders.append(embedded.pg_bin())
    for folder in folders:
        if _version(folder) >= server:
            return folder
    raise ArchiveError(f"Install the client programs of PostgreSQL {server} or newer: pg_dump, pg_restore and psql.")


def _version(folder: Path) -> int:
    try:
        said = subprocess.run([str(folder / "pg_dump"), "--version"], capture_output=True, text=True).stdout
    except OSError:
        return 0
    found = re.search(r"(\d+)", said)
    return int(found[1]) if found else 0
