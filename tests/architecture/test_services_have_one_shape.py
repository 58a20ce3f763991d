"""House rule 3: a service is atomic, keyword-only and names its actor."""

import ast
from collections.abc import Iterator

from tests.architecture.source import Module, found, modules


def _is_service_module(module: Module) -> bool:
    parts = module.inside.split("/")
    return parts[0] in ("services.py", "services") and not parts[-1].startswith("_")


def _is_atomic(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(decorator).startswith("transaction.atomic") for decorator in function.decorator_list)


def violations(module: Module) -> Iterator[str]:
    for node in module.tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        names = [argument.arg for argument in node.args.kwonlyargs]
        if not _is_atomic(node):
            yield module.at(node, f"{node.name} is not @transaction.atomic")
        if node.args.args or node.args.posonlyargs or node.args.vararg:
            yield module.at(node, f"{node.name} takes positional arguments")
        # A step of a long job acts for whoever started the job.
        if "actor" not in names and "job" not in names:
            yield module.at(node, f"{node.name} names no actor")


def test_every_service_is_atomic_keyword_only_and_names_its_actor() -> None:
    bad = [line for module in modules() if _is_service_module(module) for line in violations(module)]
    assert not bad, found(bad)


def test_a_service_without_its_shape_is_caught() -> None:
    text = "def approve_quote(quote):\n    quote.save()\n"
    assert len(list(violations(Module("orders/services/quotes.py", text)))) == 3


def test_a_service_in_shape_and_a_private_function_pass() -> None:
    text = "@transaction.atomic\ndef approve(*, quote, actor): ...\n\ndef _total(quote): ...\n"
    assert not list(violations(Module("orders/services/quotes.py", text)))
