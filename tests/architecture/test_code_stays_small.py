"""House rule 10: files under 400 lines, functions under 50, complexity 8; no drawers."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import ROOT, Module, found, functions, modules

FILE_LINES, FUNCTION_LINES = 400, 50
DRAWERS = {"utils.py", "util.py", "helpers.py", "constants.py", "signals.py", "managers.py", "misc.py", "common.py"}


def violations(module: Module) -> Iterator[str]:
    lines = module.text.count("\n") + 1
    if lines > FILE_LINES:
        yield f"{module.path} has {lines} lines"
    if Path(module.path).name in DRAWERS:
        yield f"{module.path} is a drawer, not a name"
    for function in functions(module.tree):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > FUNCTION_LINES:
            yield module.at(function, f"{function.name} has {length} lines")


def _complex(*paths: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "ruff"), "check", "--select", "C901", "--no-cache"]
    command += ["--config", str(ROOT / "pyproject.toml"), "--output-format", "concise", *paths]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


def test_files_and_functions_stay_small_and_have_names() -> None:
    bad = [line for module in modules() for line in violations(module)]
    assert not bad, found(bad)


def test_no_function_is_more_complex_than_eight() -> None:
    done = _complex(".")
    assert done.returncode == 0, done.stdout


def test_a_long_file_a_long_function_and_a_drawer_are_caught() -> None:
    body = "    x = 1\n" * FUNCTION_LINES
    assert len(list(violations(Module("leads/utils.py", f"def long():\n{body}" + "\n" * FILE_LINES)))) == 3


def test_a_tangled_function_is_caught(tmp_path: Path) -> None:
    branches = "".join(f"    if x == {number}:\n        return {number}\n" for number in range(9))
    (tmp_path / "tangled.py").write_text(f"def pick(x):\n{branches}")
    assert "C901" in _complex("tangled.py", cwd=tmp_path).stdout
