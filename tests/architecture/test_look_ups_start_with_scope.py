"""House rule 6: in views and the API every look-up of a record starts with visible_to()."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import Module, chain, found, modules

READS = {"get", "filter", "all", "exclude", "first", "get_queryset", "in_bulk", "values", "values_list", "order_by"}
SCOPES = {"visible_to", "by_token", "none"}


def _is_screen(module: Module) -> bool:
    return module.inside.split("/")[0].removesuffix(".py") in ("views", "api") and bool(module.room)


def violations(module: Module, reference: frozenset[str] = frozenset()) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Attribute) or node.attr != "objects":
            continue
        model = chain(node)[-2] if len(chain(node)) > 1 else ""
        after = _next_attribute(module.tree, node)
        if model not in reference and after not in SCOPES:
            yield module.at(node, f"looks up {model}.objects.{after or '...'} without visible_to()")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and _called(node) in ("get_object_or_404", "get_list_or_404"):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Name) and first.id[:1].isupper() and first.id not in reference:
                yield module.at(node, f"looks up {first.id} without visible_to()")


def _called(node: ast.Call) -> str:
    return chain(node)[-1]


def _next_attribute(tree: ast.Module, target: ast.Attribute) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.value is target:
            return node.attr
    return ""


# The same for everybody who is signed in; nothing in them belongs to one team.
REFERENCE = frozenset({"IdempotencyKey"})


def test_views_and_the_api_look_up_only_what_the_viewer_may_see() -> None:
    bad = [line for module in modules() if _is_screen(module) for line in violations(module, REFERENCE)]
    assert not bad, found(bad)


@pytest.mark.parametrize(
    "line",
    ["Lead.objects.get(pk=pk)", "get_object_or_404(Lead, pk=pk)", "models.Lead.objects.filter(pk=pk).first()"],
)
def test_a_look_up_past_the_scope_is_caught(line: str) -> None:
    assert list(violations(Module("leads/views/leads.py", f"def page(request, pk):\n    return {line}\n")))


def test_a_scoped_look_up_passes() -> None:
    text = "def page(request, pk):\n    return get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)\n"
    assert not list(violations(Module("leads/views/leads.py", text)))
