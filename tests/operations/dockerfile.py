"""Runs the steps of the Dockerfile without Docker: each stage is a folder, and the image's absolute paths lie in it.

What is left out, because it would change this machine or take minutes: `useradd`, and the download of what pip would
install. The virtual environment borrows the packages of this one instead, after their versions were compared.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOTS = ("/opt/venv", "/app", "/data")
TOOLS = ("gunicorn", "celery", "npm", "node", "npx")


@dataclass
class Stage:
    """One FROM with what was done in it."""

    name: str
    base: str
    root: Path
    workdir: str = "/"
    env: dict[str, str] = field(default_factory=dict)
    user: str = "root"
    cmd: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)

    def inside(self, text: str) -> str:
        """A path or a command of the image, as it lies on this machine."""
        for root in ROOTS:
            text = re.sub(rf"(?<![\w./-]){root}(?![\w-])", f"{self.root}{root}", text)
        return text

    def environment(self) -> dict[str, str]:
        """What a process of the image finds, and nothing else of this machine but the way out."""
        passed = {name: value for name, value in os.environ.items() if name in PASSED}
        own = {name: self.inside(value) for name, value in self.env.items()}
        return {**passed, **NPM, "HOME": str(self.root), **own}

    def folder(self) -> Path:
        return Path(self.inside(self.workdir)) if self.workdir != "/" else self.root


PASSED = {
    "PATH", "LANG", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "NPM_CONFIG_REGISTRY", "npm_config_registry", "NPM_CONFIG_USERCONFIG",
}  # fmt: skip
# What `make` has downloaded by the same lock is not downloaded again; a company's own authority counts as well.
NPM = {
    "NODE_OPTIONS": "--use-system-ca", "NPM_CONFIG_PREFER_OFFLINE": "true",
    "NPM_CONFIG_CACHE": os.environ.get("NPM_CONFIG_CACHE", str(Path.home() / ".npm")),
}  # fmt: skip


def instructions(text: str) -> list[tuple[str, str]]:
    """(word, rest) of each instruction, with continued lines joined and comments dropped."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]  # type: ignore[misc]


@dataclass
class Builder:
    """Builds a tree's Dockerfile under a folder."""

    tree: Path
    target: Path
    stages: list[Stage] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)

    def build(self) -> Stage:
        for word, rest in instructions((self.tree / "Dockerfile").read_text()):
            getattr(self, f"do_{word.lower()}")(rest)
        return self.stages[-1]

    @property
    def now(self) -> Stage:
        return self.stages[-1]

    def do_from(self, rest: str) -> None:
        base, _, name = rest.partition(" AS ")
        root = self.target / (name or "final")
        root.mkdir(parents=True)
        self.stages.append(Stage(name or "final", base, root))

    def do_env(self, rest: str) -> None:
        for pair in shlex.split(rest):
            name, value = pair.split("=", 1)
            self.now.env[name] = re.sub(r"\$(\w+)", self._known, value)

    def _known(self, found: re.Match[str]) -> str:
        return self.now.env.get(found[1]) or os.environ.get(found[1], "")

    def do_workdir(self, rest: str) -> None:
        self.now.workdir = rest
        self.now.folder().mkdir(parents=True, exist_ok=True)

    def do_user(self, rest: str) -> None:
        self.now.user = rest

    def do_expose(self, rest: str) -> None:
        assert rest.isdigit()

    def do_cmd(self, rest: str) -> None:
        self.now.cmd = [self.now.inside(part) for part in json.loads(rest)]

    def do_healthcheck(self, rest: str) -> None:
        self.now.healthcheck = json.loads(rest.split(" CMD ", 1)[1])

    def do_copy(self, rest: str) -> None:
        words = rest.split()
        source = self.tree
        if words[0].startswith("--from="):
            (stage,) = [one for one in self.stages if one.name == words[0].removeprefix("--from=")]
            shutil.copytree(stage.inside(words[1]), self.now.inside(words[2]), symlinks=True, dirs_exist_ok=True)
            _move_home(Path(self.now.inside(words[2])), stage.root, self.now.root)
            return
        *names, place = words
        folder = self.now.folder() / place
        for name in names:
            if name == ".":
                copy_context(source, folder)
            else:
                assert not ignored(source, name), f"{name} is in .dockerignore"
                shutil.copy(source / name, folder)

    def do_run(self, rest: str) -> None:
        for step in (part.strip() for part in rest.split("&&")):
            self.ran.append(step)
            if step.startswith("useradd "):
                continue
            if step.startswith("pip install "):
                self._borrow(step)
                continue
            if step.startswith("install -d -o "):
                step = re.sub(r"-o \w+ ", "", step)
            self._shell(step)

    def _shell(self, step: str) -> None:
        done = subprocess.run(
            ["bash", "-ec", self.now.inside(step)], cwd=self.now.folder(), env=self.now.environment(),
            capture_output=True, text=True, timeout=110,
        )  # fmt: skip
        assert done.returncode == 0, f"{step}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"

    def _borrow(self, step: str) -> None:
        """In place of pip: the packages of this environment, if they are those of the lock."""
        lock = self.now.folder() / step.split(" -r ")[1]
        assert "--require-hashes" in step and lock.exists()
        assert differences(lock.read_text()) == []
        venv = Path(self.now.inside("/opt/venv"))
        site = next(venv.glob("lib/python*/site-packages"))
        (site / "borrowed.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n")
        for tool in TOOLS:
            script = (Path(sys.executable).parent / tool).read_text()
            (venv / "bin" / tool).write_text(re.sub(r"^#!.*", f"#!{venv}/bin/python", script, count=1))
            (venv / "bin" / tool).chmod(0o755)


def _move_home(folder: Path, old: Path, new: Path) -> None:
    """Scripts name their interpreter; in the image it has the same path in both stages."""
    for script in folder.glob("bin/*"):
        if script.is_file() and not script.is_symlink():
            text = script.read_bytes()
            if str(old).encode() in text:
                script.write_bytes(text.replace(str(old).encode(), str(new).encode()))


def differences(lock: str) -> list[str]:
    """Lines of a lock that this environment does not fulfil."""
    found = []
    for line in re.findall(r"^[a-z0-9].*?(?= \\$|$)", lock, re.MULTILINE):
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        if not wanted.specifier.contains(distribution(wanted.name).version, prereleases=True):
            found.append(line)
    return found


def ignored(tree: Path, name: str) -> bool:
    """Whether .dockerignore leaves a path out: the last pattern that fits it, or a folder above it, decides."""
    out = False
    parts = name.split("/")
    above = ["/".join(parts[: length + 1]) for length in range(len(parts))]
    for line in (tree / ".dockerignore").read_text().split():
        pattern = line.removeprefix("!")
        forms = [pattern, pattern.removeprefix("**/")] if pattern.startswith("**/") else [pattern]
        deep = pattern.startswith("**/")
        hit = any(
            fnmatch.fnmatchcase(path, form) and (deep or path.count("/") == form.count("/"))
            for path in above
            for form in forms
        ) or (deep and any(fnmatch.fnmatchcase(part, forms[-1]) for part in parts))
        if hit:
            out = not line.startswith("!")
    return out


def copy_context(tree: Path, target: Path) -> None:
    """COPY . . as Docker does it."""
    for folder, folders, files in os.walk(tree):
        here = Path(folder).relative_to(tree)
        folders[:] = [name for name in folders if not ignored(tree, (here / name).as_posix())]
        for name in files:
            if not ignored(tree, (here / name).as_posix()):
                (target / here).mkdir(parents=True, exist_ok=True)
                shutil.copy2(Path(folder) / name, target / here / name, follow_symlinks=True)
