"""House rule 2: views, the API, forms, tasks, admin, imports and handlers call services; they never write."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import Module, chain, found, modules

DOORS = {"views", "api", "forms", "tasks", "admin", "imports", "handlers", "panels", "filters", "search", "selectors"}
BULK = {"bulk_create", "bulk_update", "get_or_create", "update_or_create", "aupdate", "acreate", "asave", "adelete"}
QUERY = {"objects", "filter", "exclude", "all", "visible_to", "queryset", "qs"}
# The replay store is the API's own machinery, written around the service and outside its transaction.
MACHINERY = {"revops/core/api/idempotency.py"}
SQL_WRITE = re.compile(r"\s*(insert|update|delete|truncate|copy)\b", re.IGNORECASE)


def _is_door(module: Module) -> bool:
    return (
        bool(module.room) and module.path not in MACHINERY and module.inside.split("/")[0].removesuffix(".py") in DOORS
    )


def _writes(call: ast.Call) -> str | None:
    if not isinstance(call.func, ast.Attribute):
        return None
    names, verb = chain(call), call.func.attr
    if names[0] == "services" or names[0].endswith("_services"):
        return None
    if verb in BULK or (verb in ("save", "delete") and not call.args):
        return verb
    if verb in ("create", "update") and QUERY & set(names[:-1]):
        return verb
    if verb in ("execute", "executemany") and call.args and isinstance(call.args[0], ast.Constant):
        return verb if SQL_WRITE.match(str(call.args[0].value)) else None
    return None


def violations(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and (verb := _writes(node)):
            yield module.at(node, f"writes with .{verb}(): {ast.unparse(node)[:80]}")


def test_no_door_writes_by_itself() -> None:
    bad = [line for module in modules() if _is_door(module) for line in violations(module)]
    assert not bad, found(bad)


@pytest.mark.parametrize(
    "line",
    [
        "serializer.save()",
        "form.save(commit=True)",
        "Lead.objects.create(name=name)",
        "Lead.objects.filter(pk=1).update(status='won')",
        "queryset.delete()",
        "Lead.objects.bulk_create(rows)",
        "cursor.execute('update leads_lead set score = 1')",
    ],
)
def test_a_write_in_a_view_is_caught(line: str) -> None:
    assert list(violations(Module("leads/views/leads.py", f"def page(request):\n    {line}\n")))


@pytest.mark.parametrize(
    "line",
    ["context.update(extra)", "services.create_lead(actor=user)", "cache.delete('key')", "storage.save(name, content)"],
)
def test_what_only_looks_like_a_write_passes(line: str) -> None:
    assert not list(violations(Module("leads/views/leads.py", f"def page(request):\n    {line}\n")))
