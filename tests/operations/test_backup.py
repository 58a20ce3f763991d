"""A filled installation goes into one file and comes back row by row, byte by byte; a damaged file changes nothing."""

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg2 import sql

from revops import archive, embedded
from revops.archive import ArchiveError
from tests.accounts.builders import make_account
from tests.cast import make_cast
from tests.integrations.files import uploaded

COPY = "test_backup_copy"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    storages["default"].__dict__.pop("base_location", None)
    storages["default"].__dict__.pop("location", None)
    return Path(settings.MEDIA_ROOT)


@pytest.fixture
def filled(media: Path) -> None:
    """People, an import with its file, history, audit, and numbers that were drawn."""
    cast = make_cast()
    account = make_account(cast.alice, name="Lindauer Lifts")
    account.name = "Lindauer Lifts GmbH"
    account.save(update_fields=["name"])
    make_account(cast.bob, name="Tejo Ferries Œuvre")
    uploaded("leads", "E-mail,Last name\nhelena@lindauer.example,Brandt\n", cast.olga)
    (media / "documents").mkdir(exist_ok=True)
    (media / "documents" / "größe.bin").write_bytes(bytes(range(256)) * 8000)


@pytest.fixture
def copy_of_database(django_db_blocker: Any) -> Iterator[Callable[[], None]]:
    """Switches this process to a new, empty database, and back at the end."""
    own = connection.settings_dict["NAME"]

    def execute(statement: str) -> None:
        with psycopg2.connect(os.environ["DATABASE_URL"].rsplit("/", 1)[0] + "/postgres") as server:
            server.autocommit = True
        server.cursor().execute(sql.SQL(statement).format(sql.Identifier(COPY)))
        server.close()

    def switch() -> None:
        connection.close()
        execute("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        execute("CREATE DATABASE {}")
        connection.settings_dict["NAME"] = COPY

    yield switch
    connection.close()
    connection.settings_dict["NAME"] = own
    execute("DROP DATABASE IF EXISTS {} WITH (FORCE)")


def every_row() -> dict[str, list[str]]:
    """Each table with all its rows as text, sorted."""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        for table in archive.tables():
            cursor.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')
            found[table] = [row for (row,) in cursor.fetchall()]
    return found


def machinery() -> dict[str, list[str]]:
    """What stands around the rows: columns, constraints, indexes, triggers, functions, extensions, sequences."""
    asked = {
        "columns": "SELECT concat_ws(' ', attrelid::regclass, attname, atttypid::regtype, attgenerated, attidentity)"
        " FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attnum > 0 AND NOT attisdropped"
        " AND relnamespace = 'public'::regnamespace",
        # By name: PostgreSQL writes an expression that it reads back a little differently the first time.
        "constraints": "SELECT concat_ws(' ', conrelid::regclass, conname, contype, convalidated) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace",
        # By the columns' names: their numbers close up where a migration dropped one.
        "indexes": "SELECT concat_ws(' ', c.relname, indrelid::regclass, indisunique, indpred IS NULL, ARRAY(SELECT"
        " attname FROM unnest(indkey) WITH ORDINALITY AS k(number, place) LEFT JOIN pg_attribute ON attrelid ="
        " indrelid AND attnum = k.number ORDER BY place)) FROM pg_index JOIN pg_class c ON c.oid = indexrelid"
        " WHERE relnamespace = 'public'::regnamespace",
        "triggers": "SELECT concat_ws(' ', tgname, tgrelid::regclass, tgfoid::regproc, tgtype, tgenabled)"
        " FROM pg_trigger WHERE NOT tgisinternal",
        "functions": "SELECT concat_ws(' ', p.oid::regprocedure, md5(prosrc)) FROM pg_proc p"
        " WHERE pronamespace = 'public'::regnamespace",
        "extensions": "SELECT extname || extversion FROM pg_extension",
        "sequences": "SELECT sequencename || coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public'",
    }
    found = {}
    with connection.cursor() as cursor:
        for name, statement in asked.items():
            cursor.execute(f"SELECT x FROM ({statement}) AS t(x) ORDER BY 1")
            found[name] = [row for (row,) in cursor.fetchall()]
    return found


def files_of(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_what_was_backed_up_comes_back_row_by_row_and_byte_by_byte(
    filled: None, media: Path, tmp_path: Path, copy_of_database: Callable[[], None]
) -> None:
    rows, around, files = every_row(), machinery(), files_of(media)
    assert sum(map(len, rows.values())) > 300 and any(rows[name] for name in rows if name.endswith("event"))
    assert len(files) == 2 and len(around["triggers"]) > 20
    call_command("backup", tmp_path / "kept")  # a new file: the folder does not exist
    # Life goes on, and then the machine is lost.
    make_account(make_person(), name="Of the day after")
    shutil.rmtree(media)
    copy_of_database()
    assert archive.tables() == []
    call_command("restore", tmp_path / "kept")
    restored = every_row()
    assert restored.pop("django_session") == [] and rows.pop("django_session") is not None
    assert {name for name in rows if rows[name] != restored[name]} == set()
    assert restored == rows
    assert {name for name, lines in machinery().items() if lines != around[name]} == set()
    assert files_of(media) == files
    # It lives: the next row gets the next number, history is written by its trigger.
    make_account(make_person("after"), name="Of the new life")


def make_person(name: str = "late") -> Any:
    from tests.builders import make_user

    return make_user(f"person-{name}")


def test_an_archive_in_a_folder_gets_a_name_of_its_own_and_is_for_its_maker_alone(filled: None, tmp_path: Path) -> None:
    path = archive.make(tmp_path)
    assert path.name.startswith("revops-") and path.stat().st_mode & 0o777 == 0o600
    assert [other.name for other in tmp_path.iterdir() if other.name.startswith(".")] == []
    manifest = archive.check(path)
    assert manifest["rows"]["accounts_account"] == 2 and "django_session" not in manifest["rows"]
    assert "media/documents/größe.bin" in manifest["sha256"]


def test_an_archive_never_replaces_another_file(filled: None, tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_text("last year")
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", tmp_path / "a.tar")
    assert (tmp_path / "a.tar").read_text() == "last year"


def test_a_backup_that_fails_leaves_no_file(filled: None, tmp_path: Path, monkeypatch: Any) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise ArchiveError("pg_dump failed: No space left on device")

    (tmp_path / "out").mkdir()
    monkeypatch.setattr(archive, "_run", full)
    with pytest.raises(CommandError, match="No space left"):
        call_command("backup", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_filled_database_is_not_overwritten_unless_forced(filled: None, media: Path, tmp_path: Path) -> None:
    path = archive.make(tmp_path / "a.tar")
    make_account(make_person(), name="Of the day after")
    before = every_row()
    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", path)
    assert every_row() == before
    (media / "of-the-day-after.pdf").write_bytes(b"new")
    connection.close()
    call_command("restore", path, "--force")
    assert not [row for row in every_row()["accounts_account"] if "day after" in row]
    assert not (media / "of-the-day-after.pdf").exists() and (media / "documents" / "größe.bin").exists()
    assert not [name for name in media.iterdir() if name.name.startswith(".")]


def test_files_that_are_there_are_not_overwritten_unless_forced(
    filled: None, media: Path, tmp_path: Path, copy_of_database: Callable[[], None]
) -> None:
    path = archive.make(tmp_path / "a.tar")
    copy_of_database()
    with pytest.raises(CommandError, match="media is not empty"):
        call_command("restore", path)
    assert archive.tables() == []


def spoil(path: Path, how: str) -> None:
    whole = path.read_bytes()
    if how == "cut off":
        path.write_bytes(whole[: len(whole) // 2])
    elif how == "a byte of the dump turned":
        with tarfile.open(path) as tar:
            place = tar.getmember(archive.DUMP).offset_data + 5000
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    elif how == "a file missing":
        rewrite(path, leave_out="media/documents/größe.bin")
    elif how == "a file more":
        rewrite(path, add="media/planted.html")
    elif how == "a file outside":
        rewrite(path, add="media/../../planted.html")
    elif how == "no archive":
        path.write_bytes(b"PK\x03\x04" + os.urandom(4000))


def rewrite(path: Path, *, leave_out: str = "", add: str = "") -> None:
    other = path.with_suffix(".new")
    with tarfile.open(path) as old, tarfile.open(other, "w") as new:
        for member in old:
            if member.name != leave_out:
                new.addfile(member, old.extractfile(member))
        if add:
            new.addfile(tarfile.TarInfo(add))
    other.rename(path)


@pytest.mark.parametrize(
    "how",
    ["cut off", "a byte of the dump turned", "a file missing", "a file more", "a file outside", "no archive"],
)
def test_a_damaged_archive_is_refused_and_changes_nothing(filled: None, media: Path, tmp_path: Path, how: str) -> None:
    path = archive.make(tmp_path / "a.tar")
    spoil(path, how)
    before, files = every_row(), files_of(media)
    for command in ("--check", "--force"):
        with pytest.raises(CommandError, match="Nothing was changed"):
            call_command("restore", path, command)
    assert every_row() == before and files_of(media) == files


def test_an_archive_of_a_newer_version_is_refused(filled: None, tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('orders', '0999_future', now())")
    try:
        path = archive.make(tmp_path / "a.tar")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE name = '0999_future'")
    before = every_row()
    with pytest.raises(CommandError, match="newer version.*orders.0999_future"):
        call_command("restore", path, "--force")
    assert every_row() == before


def test_a_dump_that_breaks_half_way_leaves_the_old_database(filled: None, tmp_path: Path, monkeypatch: Any) -> None:
    path = archive.make(tmp_path / "a.tar")
    before, run = every_row(), archive._run

    def broken(program: str, *arguments: str, **options: Any) -> None:
        run(program, *arguments, **options)
        if program == "pg_restore":
            options["output"].write(b"\nSELECT 1/0;\n")
            options["output"].flush()

    monkeypatch.setattr(archive, "_run", broken)
    connection.close()
    with pytest.raises(CommandError, match="(?s)it is as it was.*division by zero"):
        call_command("restore", path, "--force")
    assert every_row() == before


def test_the_password_stands_on_no_command_line(filled: None, tmp_path: Path, monkeypatch: Any) -> None:
    calls: list[tuple[list[str], dict[str, str]]] = []
    run = subprocess.run

    def noted(command: list[str], **options: Any) -> Any:
        calls.append((command, dict(options.get("env") or {})))
        return run(command, **options)

    monkeypatch.setattr(archive.subprocess, "run", noted)
    archive.make(tmp_path / "a.tar")
    password = connection.settings_dict["PASSWORD"]
    assert password and not any(password in " ".join(command) for command, _ in calls)
    assert any(environment.get("PGPASSWORD") == password for _, environment in calls)


def test_tools_older_than_the_server_are_passed_over(filled: None, monkeypatch: Any, tmp_path: Path) -> None:
    old = tmp_path / "bin"
    old.mkdir()
    (old / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 12.1'\n")
    (old / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", f"{old}:/usr/bin:/bin")
    assert archive._tools() == embedded.pg_bin()
    monkeypatch.setattr(embedded, "pg_bin", lambda: old)
    monkeypatch.setenv("PATH", str(old))
    with pytest.raises(ArchiveError, match="or newer"):
        archive._tools()


def test_the_manifest_tells_what_is_inside(filled: None, tmp_path: Path) -> None:
    path = archive.make(tmp_path / "a.tar")
    with tarfile.open(path) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))
    assert manifest["postgresql"] >= 15 and "core.0006_task_runs" in manifest["migrations"]
    assert manifest["sha256"].keys() == set(archive.check(path)["sha256"])
