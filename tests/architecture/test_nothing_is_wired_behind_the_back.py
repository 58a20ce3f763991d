"""House rule 9: no signals, no GenericForeignKey, no save() with side effects, no imports inside functions."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import Module, chain, found, functions, modules

HIDDEN = {
    "django.db.models.signals": "signals",
    "django.dispatch": "signals",
    "django.contrib.contenttypes.fields": "a generic relation",
}
# Wheels that a production installation may lack.
LATE_IMPORTS_ALLOWED = {"manage.py"}


def violations(module: Module) -> Iterator[str]:
    yield from _imports(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and chain(node)[-2:] == ["apps", "get_model"]:
            yield module.at(node, "reaches a model by its name")
        if isinstance(node, ast.ClassDef):
            for function in node.body:
                if isinstance(function, ast.FunctionDef) and function.name == "save" and _is_model(node):
                    yield module.at(function, f"{node.name}.save() does more than save")


def _imports(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module in HIDDEN:
            yield module.at(node, f"uses {HIDDEN[node.module]}")
        if isinstance(node, ast.ImportFrom) and "signals" in [name.name for name in node.names]:
            yield module.at(node, "uses signals")
    if module.path in LATE_IMPORTS_ALLOWED:
        return
    for function in functions(module.tree):
        # Django offers no other place to fill registries: ready() is the first moment at which models exist.
        if module.path.endswith("apps.py") and function.name == "ready":
            continue
        late = [node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)]
        yield from (module.at(node, f"imports inside {function.name}()") for node in late)


def _is_model(node: ast.ClassDef) -> bool:
    return any("Model" in ast.unparse(base) and "Form" not in ast.unparse(base) for base in node.bases)


def test_nothing_is_wired_behind_the_back() -> None:
    bad = [line for module in modules() for line in violations(module)]
    assert not bad, found(bad)


@pytest.mark.parametrize(
    "text",
    [
        "from django.db.models.signals import post_save",
        "from django.db.models import signals",
        "from django.dispatch import receiver",
        "from django.contrib.contenttypes.fields import GenericForeignKey",
        "def total():\n    from orders import services\n    return services",
        "order = apps.get_model('orders.Order')",
        "class Lead(BaseModel):\n    def save(self):\n        notify()",
    ],
)
def test_hidden_wiring_is_caught(text: str) -> None:
    assert list(violations(Module("leads/models/leads.py", text)))
