"""docker-compose.yml: right by its schema, scalable, and without a secret in it."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from revops.embedded import ROOT

CHECK = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
OURS = ("web", "worker", "beat")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text()))


def checked(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CHECK, str(path)], capture_output=True, text=True)


def test_it_obeys_the_schema_of_compose() -> None:
    done = checked(ROOT / "docker-compose.yml")
    assert done.returncode == 0, done.stdout


def test_a_wrong_key_would_be_found(tmp_path: Path) -> None:
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text((ROOT / "docker-compose.yml").read_text().replace("restart:", "restarts:"))
    assert checked(wrong).returncode != 0


def test_what_is_scaled_has_no_port_name_or_folder_of_this_machine(compose: dict[str, Any]) -> None:
    for name in OURS:
        service = compose["services"][name]
        assert "ports" not in service and "container_name" not in service
        assert service["volumes"] == ["media:/data/media"]
        assert service["environment"]["DATABASE_URL"].endswith("@postgres:5432/revops")
    assert compose["services"]["proxy"]["ports"] == ["${PORT:-8000}:8000"]
    assert "dynamic a web 8000" in (ROOT / "deploy/Caddyfile").read_text()


def test_every_service_is_watched(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name == "web":  # the image's own
            assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()
        elif name != "migrate":
            assert service["healthcheck"]["test"], name
    for name in OURS:
        waits = compose["services"][name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}
        assert waits["postgres"] == waits["redis"] == {"condition": "service_healthy"}


def test_secrets_come_from_the_environment_and_are_asked_for(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for variable, value in (service.get("environment") or {}).items():
            if re.search(r"SECRET|PASSWORD|TOKEN|KEY", variable):
                assert value is None or value.startswith("${"), (name, variable)
    environment = compose["services"]["web"]["environment"]
    assert environment["SECRET_KEY"].startswith("${SECRET_KEY:?")
    assert ":${POSTGRES_PASSWORD:?" in environment["DATABASE_URL"]


def test_what_the_readme_lists_reaches_the_containers(compose: dict[str, Any]) -> None:
    """Whatever a company may set is passed on, or is the image's own business."""
    listed = set(re.findall(r"`([A-Z][A-Z_]{3,})`", (ROOT / "README.md").read_text().split("## Configuration")[1]))
    known = set(compose["services"]["web"]["environment"]) | {"PORT"}
    image = {"MEDIA_ROOT", "STATIC_ROOT", "CELERY_BROKER_URL", "CONN_MAX_AGE", "TASK_REDELIVERY_SECONDS"}
    only_here = {"DEBUG", "HOST", "DEMO", "DEMO_PASSWORD", "LOG_FORMAT", "INFO", "WARNING"}
    assert listed - known - image - only_here == set()


def test_the_example_of_an_environment_names_what_must_be_set() -> None:
    example = (ROOT / ".env.example").read_text()
    assert re.search(r"^SECRET_KEY=$", example, re.MULTILINE)
    assert re.search(r"^POSTGRES_PASSWORD=$", example, re.MULTILINE)
