"""Which fields there are, for which kinds of record. Read from the database at each request, so that a change holds
at once in every process; within one request they are read once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Model

from revops.core.memo import forget as forget
from revops.core.memo import once as once
from revops.core.memo import remembered as remembered
from revops.core.models import CustomData, CustomField
from revops.core.registries import Registry

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ALWAYS = "always"


@dataclass(frozen=True)
class Step:
    """A state or stage of a kind of record. What lies off the path (lost, disqualified) comes after nothing."""

    value: str
    label: StrOrPromise
    on_path: bool = True


def _no_steps(record: Any) -> Sequence[Step]:
    return ()


def _status(record: Any) -> str | None:
    return getattr(record, "status", None)


@dataclass(frozen=True)
class Home:
    """A kind of record that can have custom fields; the apps register theirs when they start.

    `steps(record)` are its states or stages in order, those of all records for None; `stands(record)` is the one at
    which a record stands. `carried_to` names the kinds to which values go along when a record is converted.
    """

    model: type[CustomData]
    label: StrOrPromise
    steps: Callable[[Any], Sequence[Step]] = _no_steps
    stands: Callable[[Any], str | None] = _status
    carried_to: tuple[str, ...] = ()
    order: int = 100
    # Who may change the values on the record's page, and the service: change(record=…, version=…, actor=…, custom=…).
    permission: str = ""
    change: Callable[..., Any] | None = None

    @property
    def by_status(self) -> bool:
        """Whether its steps are its states."""
        return self.stands is _status

    @property
    def key(self) -> str:
        """leads.lead"""
        return self.model._meta.label_lower


homes: Registry[Home] = Registry("custom_field_homes")


def label_of(model: type[Model] | Model | str) -> str:
    """leads.lead"""
    return model if isinstance(model, str) else model._meta.label_lower


def takes_custom(model: Any) -> bool:
    """Whether records of this class can have custom fields."""
    return isinstance(model, type) and issubclass(model, CustomData)


def _by_model() -> dict[str, list[CustomField]]:
    found: dict[str, list[CustomField]] = {}
    for field in CustomField.objects.order_by("position", "pk"):
        found.setdefault(field.model, []).append(field)
    return found


def every_field(model: type[Model] | Model | str) -> list[CustomField]:
    """The retired ones, too: what old rows hold is still read."""
    return once("fields", _by_model).get(label_of(model), [])


def fields_of(model: type[Model] | Model | str) -> list[CustomField]:
    """The fields in use, in the order of forms and lists."""
    return [field for field in every_field(model) if field.is_active]


def field_of(model: type[Model] | Model | str, key: str) -> CustomField | None:
    """A field in use by its key."""
    return next((field for field in fields_of(model) if field.key == key), None)


def grouped(fields: Sequence[CustomField]) -> Mapping[str, list[CustomField]]:
    """By heading, in the order in which the headings first come; "" is without one."""
    groups: dict[str, list[CustomField]] = {}
    for field in fields:
        groups.setdefault(field.group, []).append(field)
    return groups


def steps_of(statuses: Any, off: Sequence[Any] = ()) -> Callable[[Any], Sequence[Step]]:
    """Steps out of a model's states, `off` being those that lead nowhere."""
    return lambda record: [Step(value, label, value not in off) for value, label in statuses.choices]


def needs(field: CustomField, record: Any, target: str | None) -> bool:
    """Whether a record must have the field to stand at `target`: a state or stage, None where there are none.

    Needed from a step on means at the later ones of the path, too. Off the path only what names the step is needed.
    """
    since = field.required_at
    home = homes.get(field.model)
    if not since or home is None:
        return False
    steps = home.steps(record) if target is not None else ()
    path = [step.value for step in steps if step.on_path]
    if target in since:
        return True
    if any(step.value == target and not step.on_path for step in steps):
        return False
    starts = [path.index(value) for value in since if value in path]
    return ALWAYS in since or (target in path and bool(starts) and path.index(target) >= min(starts))
