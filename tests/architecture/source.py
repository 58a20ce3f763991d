"""The project's own Python, parsed once; checkers take parsed modules, so that tests can feed them bad ones."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# Highest first: a room may import those after it, never those before it.
ROOMS = [
    "forecasting",
    "postsales",
    "orders",
    "opportunities",
    "leads",
    "accounts",
    "revops.catalog",
    "revops.integrations",
    "revops.users",
    "revops.core",
]


@dataclass(frozen=True)
class Module:
    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parse(self.text)

    @property
    def room(self) -> str:
        name = self.path.removesuffix(".py").replace("/", ".")
        return next((room for room in ROOMS if name.startswith(room + ".")), "")

    @property
    def inside(self) -> str:
        """The path within its room: "services/quotes.py"."""
        return self.path.removeprefix(self.room.replace(".", "/") + "/") if self.room else self.path

    def at(self, node: ast.AST, what: str) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)} {what}"


@cache
def _parse(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def modules() -> list[Module]:
    """Every module of the product, without migrations and tests."""
    tops = [ROOT / "manage.py", *(path for top in _tops() for path in sorted((ROOT / top).rglob("*.py")))]
    return [
        Module(path.relative_to(ROOT).as_posix(), path.read_text()) for path in tops if "migrations" not in path.parts
    ]


def _tops() -> list[str]:
    return list(dict.fromkeys(room.split(".")[0] for room in ROOMS))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def chain(node: ast.expr) -> list[str]:
    """The names along a call chain: Quote.objects.filter(x).first() -> [Quote, objects, filter, first]."""
    names: list[str] = []
    current: ast.expr = node
    while True:
        if isinstance(current, ast.Call):
            current = current.func
        elif isinstance(current, ast.Subscript):
            current = current.value
        elif isinstance(current, ast.Attribute):
            names.append(current.attr)
            current = current.value
        else:
            names.append(current.id if isinstance(current, ast.Name) else "")
            return names[::-1]


def found(violations: Iterator[str] | list[str]) -> str:
    """The message of a failing rule: one line a place."""
    return "\n".join(violations)
