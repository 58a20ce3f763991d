"""The image's steps, run without Docker, and the processes that start from what came out."""

import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from revops.embedded import ROOT, free_port
from tests.operations.dockerfile import Builder, Stage, copy_context, differences, ignored, instructions

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    builder = Builder(ROOT, tmp_path_factory.mktemp("image"))
    builder.build()
    return builder


@pytest.fixture(scope="module")
def image(built: Builder) -> Stage:
    return built.stages[-1]


@pytest.fixture(scope="module")
def environment(image: Stage, django_db_setup: None, django_db_blocker: Any) -> dict[str, str]:
    """What docker-compose.yml sets, for the servers of these tests."""
    with django_db_blocker.unblock():
        name = connection.settings_dict["NAME"]
    return image.environment() | {
        "SECRET_KEY": "only-for-this-test-" + "y" * 40,
        "DATABASE_URL": re.sub(r"/[^/]*$", f"/{name}", os.environ["DATABASE_URL"]),
        "REDIS_URL": os.environ["REDIS_URL"],
        "ALLOWED_HOSTS": "localhost",
        "SITE_URL": "http://localhost:8000",
    }


def run(image: Stage, environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(command), cwd=image.folder(), env=environment, capture_output=True, text=True, timeout=60
    )


def listing(image: Stage) -> set[str]:
    return {path.relative_to(image.root).as_posix() for path in image.root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def served(image: Stage, environment: dict[str, str]) -> Iterator[str]:
    """The image's own CMD, at a port of its own."""
    port = free_port()
    command = [part.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for part in image.cmd]
    log = image.root.parent / "web.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=image.folder(), env=environment, stdout=output, stderr=output, start_new_session=True
        )
    url = f"http://localhost:{port}"
    try:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{url}/healthz", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None, log.read_text()[-3000:]
                time.sleep(0.1)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def fetch(url: str) -> tuple[int, Any, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def test_the_steps_of_the_image_run_one_after_another(built: Builder, image: Stage) -> None:
    assert [stage.name for stage in built.stages] == ["build", "final"]
    assert any(step.startswith("npm ci") for step in built.ran)
    assert image.user == "revops" and image.workdir == "/app"
    app = image.folder()
    assert (app / "manage.py").exists() and (app / "gunicorn.conf.py").exists()
    assert len(list((app / "staticfiles").rglob("*.gz"))) > 10
    for left_out in ("tests", "node_modules", "var", ".git", ".venv", ".env", "docs", "requirements-dev.txt"):
        assert not (app / left_out).exists(), left_out


@pytest.mark.django_db(transaction=True)
def test_its_web_server_answers_with_pages_styles_and_readiness(served: str) -> None:
    status, headers, page = fetch(f"{served}/login/")
    assert status == 200 and "default-src 'self'" in headers["Content-Security-Policy"]
    (style,) = re.findall(r'href="(/static/css/app\.[0-9a-f]{12}\.css)"', page)
    status, headers, _ = fetch(served + style)
    assert status == 200 and "immutable" in headers["Cache-Control"]
    assert fetch(f"{served}/readyz")[2] == '{"ready": true, "missing": []}'
    assert fetch(f"{served}/leads/")[0] == 200  # the way to the login


def test_its_health_check_is_content_with_it_and_with_nothing_else(
    served: str, image: Stage, environment: dict[str, str]
) -> None:
    port = served.rsplit(":", 1)[1]
    command = [part.replace(":8000/", f":{port}/") for part in image.healthcheck]
    assert command != image.healthcheck
    assert run(image, environment, *command).returncode == 0
    nobody = [part.replace(":8000/", f":{free_port()}/") for part in image.healthcheck]
    assert run(image, environment, *nobody).returncode != 0


@pytest.mark.django_db(transaction=True)
def test_the_processes_of_one_server_add_up_their_figures(served: str) -> None:
    """Two workers by WEB_CONCURRENCY or one: what any of them counted, each of them tells."""
    for _ in range(6):
        fetch(f"{served}/offline/")
    name = 'revops_requests_total{method="GET",route="core:offline",status="200"}'
    for _ in range(4):
        assert f"{name} 6.0" in fetch(f"{served}/metrics")[2]


def test_its_log_is_json_and_it_writes_nothing_beside_its_data(served: str, image: Stage) -> None:
    fetch(f"{served}/offline/?q=private")
    log = (image.root.parent / "web.log").read_text()
    lines = [line for line in log.splitlines() if line]
    assert lines and all(line.startswith("{") and line.endswith("}") for line in lines), log[:600]
    assert '"route": "core:offline"' in log and "private" not in log
    written = {path for path in listing(image) if path.startswith("app/") and not path.startswith("app/staticfiles/")}
    source = {f"app/{path}" for path in tree(ROOT)}
    assert {path for path in written - source if "__pycache__" not in path} == set()


def tree(root: Path) -> set[str]:
    found = set()
    for folder, folders, files in os.walk(root):
        here = Path(folder).relative_to(root)
        folders[:] = [name for name in folders if not ignored(root, (here / name).as_posix())]
        found |= {(here / name).as_posix() for name in files}
    return found


@pytest.mark.django_db(transaction=True)
def test_its_other_commands_start(image: Stage, environment: dict[str, str]) -> None:
    assert run(image, environment, "python", "manage.py", "migrate", "--check").returncode == 0
    done = run(image, environment, "celery", "-A", "revops", "report")
    assert done.returncode == 0 and "revops.core.beat:SharedClock" in done.stdout
    secretless = {name: value for name, value in environment.items() if name != "SECRET_KEY"}
    refused = run(image, secretless, "python", "-c", "import revops.wsgi")
    assert refused.returncode != 0 and "Set SECRET_KEY" in refused.stderr


# The interpreter of these tests, broken on purpose -----------------------------------------


def test_a_step_that_fails_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nWORKDIR /app\nRUN true && false\n")
    with pytest.raises(AssertionError, match="false"):
        Builder(tmp_path, tmp_path / "out").build()


def test_what_is_ignored_is_not_copied(tmp_path: Path) -> None:
    for name in (".env", ".npmrc", "tests/x.py", "orders/tests.py", "a/__pycache__/b.pyc", "var/secret", "manage.py"):
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / "tree" / ".dockerignore").write_text((ROOT / ".dockerignore").read_text())
    copy_context(tmp_path / "tree", tmp_path / "out")
    copied = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert copied == {".npmrc", "orders/tests.py", "manage.py"}


def test_a_package_of_another_version_is_noticed() -> None:
    assert differences("django==1.0 \\\n    --hash=sha256:0\n") == ["django==1.0"]
    assert differences("django==1.0 ; sys_platform == 'never' \\\n") == []


def test_continued_lines_are_one_instruction() -> None:
    assert instructions("FROM a AS b\n# no\nHEALTHCHECK --x \\\n  CMD [1]\n") == [
        ("FROM", "a AS b"),
        ("HEALTHCHECK", "--x CMD [1]"),
    ]
