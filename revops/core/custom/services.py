"""Writes to the definitions. They hold at once: nothing keeps them longer than a request."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from revops.core import audit
from revops.core.custom.checking import home_of, refuse_key, tidied
from revops.core.custom.definitions import forget
from revops.core.custom.indexes import wants
from revops.core.custom.registry import KINDS
from revops.core.errors import IllegalState, InvalidInput
from revops.core.models import CustomField
from revops.core.scope import require
from revops.core.status import edit, lock

PERMISSION = "core.manage_custom_fields"
EDITABLE = (
    *("label", "help_text", "kind", "choices", "required_at", "default", "group", "position", "in_list"),
    *("carried_to", "is_active", "is_indexed"),
)
Kind = CustomField.Kind
# What is stored under the one kind is a value of the other as it stands.
CONVERTIBLE: Mapping[str, frozenset[str]] = {
    Kind.TEXT: frozenset({Kind.LONG_TEXT}),
    Kind.EMAIL: frozenset({Kind.TEXT, Kind.LONG_TEXT}),
    Kind.PHONE: frozenset({Kind.TEXT, Kind.LONG_TEXT}),
    Kind.DATE: frozenset({Kind.TEXT}),
    Kind.CHOICE: frozenset({Kind.TEXT, Kind.LONG_TEXT}),
    Kind.PERCENT: frozenset({Kind.DECIMAL}),
}


@transaction.atomic
def create_field(*, actor: Any, model: str, key: str, label: str, kind: str, **fields: Any) -> CustomField:
    """A new field for one kind of record."""
    if actor is not None:
        require(actor, PERMISSION)
    home = home_of(model)
    refuse_key(model, key)
    if kind not in KINDS:
        raise InvalidInput.of(kind=_("There is no such kind of field."))
    wanted = {"carried_to": list(home.carried_to), **_known(fields), "label": label, "kind": kind}
    field = CustomField(model=model, key=key, kind=kind, index_state=CustomField.IndexState.NONE)
    _apply(field, tidied(field, wanted, home))
    field.index_state = _index_state(field)
    try:
        with transaction.atomic():
            field.save(force_insert=True)
    except IntegrityError:
        raise InvalidInput.of(key=_("There is a field with this key already."))
    audit.record("custom_field.created", field, actor=actor, model=model, key=key, kind=kind)
    _take_effect()
    return field


@transaction.atomic
def update_field(*, field: CustomField, version: int | None, actor: Any, **changes: Any) -> CustomField:
    """Change a definition. Its model and key never change; its kind only while every value stays one."""
    if actor is not None:
        require(actor, PERMISSION)
    field = lock(field, version)
    wanted = _known(changes)
    if wanted.get("kind", field.kind) != field.kind:
        _refuse_kind(field, wanted["kind"])
    if "kind" in wanted or "choices" in wanted or "default" in wanted:
        wanted.setdefault("default", field.default)
        wanted.setdefault("choices", field.choices)
    trial = CustomField(model=field.model, key=field.key, kind=wanted.get("kind", field.kind), choices=field.choices)
    wanted = tidied(trial, wanted, home_of(field.model))
    _apply(trial, {name: wanted.get(name, getattr(field, name)) for name in EDITABLE})
    changed = edit(field, {**wanted, "index_state": _index_state(trial, field)})
    if changed:
        shown = {name: pair for name, pair in changed.items() if name != "index_state"}
        audit.record("custom_field.changed", field, actor=actor, changed=shown)
        _take_effect()
    return field


@transaction.atomic
def note_index(*, field: CustomField, state: str, error: str, actor: Any) -> None:
    """What became of the field's indexes; no change of the definition."""
    CustomField.objects.filter(pk=field.pk).update(index_state=state, index_error=error[:400])
    forget()


def has_values(field: CustomField) -> bool:
    """Whether any record holds a value of this field."""
    return home_of(field.model).model._base_manager.filter(custom__has_key=field.key).exists()


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise TypeError(f"not fields of this service: {', '.join(sorted(unknown))}")
    return dict(fields)


def _apply(field: CustomField, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(field, name, value)


def _refuse_kind(field: CustomField, kind: str) -> None:
    if kind not in KINDS:
        raise InvalidInput.of(kind=_("There is no such kind of field."))
    if kind not in CONVERTIBLE.get(field.kind, frozenset()) and has_values(field):
        text = _("Records hold values of this field that are no %(kind)s. Retire it and add another.")
        raise IllegalState("has_values", text % {"kind": Kind(kind).label.lower()})


def _index_state(field: CustomField, before: CustomField | None = None) -> str:
    """Wanted as soon as its indexes would be others than those that stand."""
    if before is not None and set(wants(field)) == set(wants(before)):
        return before.index_state
    if before is None and not wants(field):
        return CustomField.IndexState.NONE
    return CustomField.IndexState.WANTED


def _take_effect() -> None:
    forget()
    transaction.on_commit(wake, robust=True)


_wake: list[Any] = []


def wake() -> None:
    """After the commit: the worker builds or drops indexes."""
    for call in _wake:
        call()


def on_change(call: Any) -> None:
    """How a worker is told; the app's ready() names the task."""
    _wake[:] = [call]
