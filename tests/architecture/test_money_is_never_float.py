"""Money, prices and rates are Decimals from the form to the ledger."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import Module, found, modules

# Seconds until a token may ask again.
NO_MONEY = {"revops/core/api/throttling.py"}
# Weights and probabilities: no amount comes near them.
LEARNED = "leads/learning/"


def violations(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        # Infinity sorts what has no date last; it is no amount.
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "float" and _first(node) != "inf":
            yield module.at(node, f"makes a float: {ast.unparse(node)[:60]}")
        if isinstance(node, ast.Attribute | ast.Name) and _name(node) == "FloatField":
            yield module.at(node, "keeps a float in the database")
        if isinstance(node, ast.Call) and _name(node.func) == "Decimal" and isinstance(_first(node), float):
            yield module.at(node, f"builds a Decimal from a float: {ast.unparse(node)}")


def _first(call: ast.Call) -> object:
    """The constant that a call is given first, if it is one."""
    return call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _may_hold_money(module: Module) -> bool:
    return bool(module.room) and module.path not in NO_MONEY and not module.path.startswith(LEARNED)


def test_no_room_makes_a_float() -> None:
    bad = [line for module in modules() if _may_hold_money(module) for line in violations(module)]
    assert not bad, found(bad)


@pytest.mark.parametrize("text", ["total = float(amount)", "x = models.FloatField()", "rate = Decimal(0.1)"])
def test_a_float_is_caught(text: str) -> None:
    assert list(violations(Module("orders/services/invoices.py", text)))
