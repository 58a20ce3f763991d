"""House rule 1, by import-linter with the contracts of pyproject.toml."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.architecture.source import ROOMS, ROOT


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def _empty_house(folder: Path) -> None:
    for room in ROOMS:
        package = folder / room.replace(".", "/")
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
    (folder / "revops/__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", folder)


def test_the_house_keeps_its_import_contracts() -> None:
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_upward_import_hidden_in_a_function_is_caught(tmp_path: Path) -> None:
    _empty_house(tmp_path)
    assert _lint(tmp_path).returncode == 0
    (tmp_path / "accounts/selectors.py").write_text("def total():\n    import orders\n    return orders\n")
    done = _lint(tmp_path)
    assert done.returncode == 1
    assert "accounts.selectors -> orders" in done.stdout


def test_data_that_calls_a_service_is_caught(tmp_path: Path) -> None:
    _empty_house(tmp_path)
    (tmp_path / "leads/services.py").write_text("def qualify_lead(): ...\n")
    (tmp_path / "leads/models.py").write_text("from leads import services\n")
    done = _lint(tmp_path)
    assert done.returncode == 1
    assert "leads.models -> leads.services" in done.stdout
