"""Sizes, servers, measuring, the table: `python -m benchmarks 10000 100000`."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg2

from revops import embedded

HOME = embedded.DEFAULT_DIR / "bench"
BIN = Path(sys.executable).parent
IMPORTED = 100_000
Result = dict[str, Any]


def main() -> None:
    """Every size asked for, then the table."""
    sizes = sorted({int(size) for size in sys.argv[1:]} or {10_000})
    with embedded.Services(HOME) as services:
        results = {size: _one_size(services, size) for size in sizes}
        (HOME / "results.json").write_text(json.dumps(results, indent=1))
        (HOME / "results.md").write_text(_table(results))
    print((HOME / "results.md").read_text())


def _one_size(services: embedded.Services, size: int) -> Result:
    """In a process of its own: Django reads one database."""
    environment = _environment(services, size)
    if not _filled(environment["DATABASE_URL"]):
        services.postgres.__class__(services.home, database=f"scale_{size}").start()
        environment = _environment(services, size)
        manage = [sys.executable, "manage.py"]
        started = time.perf_counter()
        subprocess.run([*manage, "migrate", "-v0"], env=environment, check=True)
        counts = [f"--{name}={size}" for name in ("leads", "accounts", "opportunities", "orders")]
        subprocess.run([*manage, "load_demo", *counts], env=environment, check=True)
        print(f"{size:,} of each written in {time.perf_counter() - started:.0f} s", flush=True)
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=environment, check=True)
    static = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
    subprocess.run(static, env=environment, check=True)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.one_size"], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _environment(services: embedded.Services, size: int) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "revops.settings",
        "REVOPS_VAR": str(services.home),
        "DATABASE_URL": services.postgres.url(f"scale_{size}"),
        "REDIS_URL": services.valkey.url(size % 13),
        "SECRET_KEY": "only-for-benchmarks-" + "x" * 40,
        "API_RATE_PER_MINUTE": "100000000",
        "ALLOWED_HOSTS": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        "DEBUG": "0",
        "WEB_CONCURRENCY": "2",
    }


def _filled(url: str) -> bool:
    try:
        with psycopg2.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM leads_lead")
            return bool(cursor.fetchone()[0])
    except psycopg2.Error:
        return False


@contextmanager
def server(application: str) -> Iterator[int]:
    """A gunicorn of two processes on a free port."""
    port = embedded.free_port()
    command = [str(BIN / "gunicorn"), application, "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
    process = subprocess.Popen([*command, "--log-level", "warning"])
    try:
        for _ in range(120):
            time.sleep(0.5)
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
        yield port
    finally:
        process.terminate()
        process.wait(20)


def as_result(took: Any) -> Result:
    """A measurement as JSON."""
    return asdict(took)


def _table(results: dict[int, Result]) -> str:
    lines = []
    for size, result in results.items():
        lines += [
            f"## {size:,} of each",
            "",
            "| request | cpu | p50 | p95 | p50 of 8 | p95 of 8 | SQL | bare cpu | ratio |",
        ]
        lines += ["|---|---:|---:|---:|---:|---:|---:|---:|---:|"]
        for name, row in result["requests"].items():
            it, bare = row["product"], row.get("bare")
            beside = f"{bare['cpu']} | {it['cpu'] / max(bare['cpu'], 0.1):.1f}" if bare else " | "
            figures = " | ".join(str(it[key]) for key in ("cpu", "p50", "p95", "p50_of_8", "p95_of_8", "statements"))
            lines.append(f"| {name} | {figures} | {beside} |")
        lines += ["", "| job | seconds | SQL | plain, seconds | ratio |", "|---|---:|---:|---:|---:|"]
        for name, row in result["jobs"].items():
            ratio = f"{row['seconds'] / row['plain']:.1f}" if row["plain"] else " "
            lines.append(f"| {name} | {row['seconds']} | {row['statements']} | {row['plain']} | {ratio} |")
        lines.append("")
    return "\n".join([*lines, *_growth(results)]) + "\n"


def _growth(results: dict[int, Result]) -> list[str]:
    small, large = min(results), max(results)
    if small == large:
        return []
    lines = [f"## Growth of the processor time from {small:,} to {large:,}", "", "| request | times |", "|---|---:|"]
    for name, row in results[large]["requests"].items():
        before = results[small]["requests"][name]["product"]["cpu"]
        lines.append(f"| {name} | {row['product']['cpu'] / before:.2f} |")
    return lines


if __name__ == "__main__":
    main()
