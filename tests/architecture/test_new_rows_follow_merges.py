"""Whoever makes a row that hangs on an account, a contact or a lead holds that record, so that no merge that runs at
the same time leaves the row behind. Found from the models and the services: a new one must hold, or say why not.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Account, Contact
from leads.models import Lead
from revops.core import merging

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("accounts", "leads", "opportunities", "orders", "postsales", "forecasting")
HOLDERS = {
    *("hold", "standing", "standing_all", "standing_keys", "lock_standing", "refuse_alias"),
    *("lock_kept", "note_touch"),  # which do so
}
MAKERS = {"create", "bulk_create", "get_or_create", "update_or_create"}

# Service that makes such a row without holding the record -> why nothing is left behind.
DECIDED = {
    "leads.imports._first_fits": "it judges facts, and makes no lead of them",
    "leads.leads.create_lead": "a new lead hangs on nothing yet",
    "leads.partners._make": "its lead is made in the same transaction",
    "orders.imports._draft": "what was sold elsewhere is booked, and what is booked stays with the alias",
    "orders.imports.import_sales": "what was sold elsewhere is booked, and what is booked stays with the alias",
}


def models_that_follow() -> set[str]:
    """Those of which some rows go along when two records are merged."""
    fields = [field for model in (Account, Contact, Lead) for field in merging.relations_of(model)]
    return {one.model.__name__ for one in fields if merging.decision_of(one).stays is not True}


@cache
def functions(path: Path) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def calls_of(function: ast.FunctionDef) -> Iterator[ast.Call]:
    return (node for node in ast.walk(function) if isinstance(node, ast.Call))


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def made_by(function: ast.FunctionDef, models: set[str]) -> set[str]:
    """Models of which it makes rows; what is only tried out is named `trial`."""
    found = set()
    trials = {one.value for one in ast.walk(function) if isinstance(one, ast.Assign) and _is_trial(one)}
    for call in calls_of(function):
        if call in trials:
            continue
        if name_of(call) in models and isinstance(call.func, ast.Name):
            found.add(name_of(call))
        elif name_of(call) in MAKERS:
            found |= {one.id for one in ast.walk(call.func) if isinstance(one, ast.Name) and one.id in models}
    return found


def _is_trial(one: ast.Assign) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "trial" for target in one.targets)


def holds(path: Path, name: str, seen: frozenset[str] = frozenset()) -> bool:
    """It does so itself, or what it calls here, or whoever calls it here."""
    return _down(path, name, frozenset()) or _up(path, name, seen)


def _down(path: Path, name: str, seen: frozenset[str]) -> bool:
    called = {name_of(call) for call in calls_of(functions(path)[name])}
    if called & HOLDERS:
        return True
    return any(_down(path, one, seen | {name}) for one in called & set(functions(path)) - seen - {name})


def _up(path: Path, name: str, seen: frozenset[str]) -> bool:
    callers = [
        one
        for one, function in functions(path).items()
        if one not in seen | {name} and name in {name_of(call) for call in calls_of(function)}
    ]
    return bool(callers) and all(holds(path, one, seen | {name}) for one in callers)


def open_ends() -> set[str]:
    found, models = set(), models_that_follow()
    for room in ROOMS:
        for path in sorted((ROOT / room / "services").glob("*.py")):
            for name, function in functions(path).items():
                if made_by(function, models) and not holds(path, name):
                    found.add(f"{room}.{path.stem}.{name}")
    return found


def test_who_makes_what_follows_a_merge_holds_the_record_that_it_hangs_on() -> None:
    assert open_ends() == set(DECIDED), "hold the record (revops.core.merging), or say here why nothing is left behind"


def test_the_check_bites(tmp_path: Path) -> None:
    path = tmp_path / "service.py"
    path.write_text(
        "def one(lead):\n    LeadActivity.objects.create(lead=lead)\n\n"
        "def two(lead):\n    hold(lead)\n    _make(lead)\n\n"
        "def _make(lead):\n    return LeadActivity(lead=lead)\n"
    )
    made = {name: made_by(function, {"LeadActivity"}) for name, function in functions(path).items()}
    assert made == {"one": {"LeadActivity"}, "two": set(), "_make": {"LeadActivity"}}
    assert not holds(path, "one") and holds(path, "_make")


@pytest.mark.parametrize("model", ["CampaignMember", "DealRegistration", "Opportunity", "SupportCase", "Activity"])
def test_it_looks_at_every_room(model: Any) -> None:
    assert model in models_that_follow()
