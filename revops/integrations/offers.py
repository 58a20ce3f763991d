"""What webhooks may tell: each app offers its events when it starts, and says which record each is about.

An event that nobody offers never leaves. One that is offered leaves for a webhook only if the webhook's owner
could read the same facts himself: the record lies in his sight, his role opens its kind, and so does its area (pay).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from revops.core import audit, outbox
from revops.core.registries import Registry

if TYPE_CHECKING:
    from django.db.models import Model
    from django_stubs_ext import StrOrPromise

WORD = re.compile(r"[A-Z][a-z0-9]*")


@dataclass(frozen=True)
class Offer:
    """An event that webhooks may hear of.

    It is about the `model` for which `lookup` equals the event's `field`; without a model it is about no record, and
    `permission` says who may read it. `area` is that of the audit log: "compensation" for anything about pay.
    """

    event: type
    label: StrOrPromise
    model: type[Model] | None = None
    field: str = ""
    lookup: str = "pk"
    permission: str = ""
    area: str = ""

    @property
    def key(self) -> str:
        """The name that receivers see: OrderBooked is order.booked."""
        *noun, verb = (word.lower() for word in WORD.findall(self.event.__name__))
        return f"{'_'.join(noun)}.{verb}"

    @property
    def source(self) -> str:
        """The name in the outbox."""
        return outbox.event_name(self.event)

    @property
    def needs(self) -> str:
        """The permission to read such a record."""
        if self.permission or self.model is None:
            return self.permission
        return f"{self.model._meta.app_label}.view_{self.model._meta.model_name}"

    @property
    def facts(self) -> dict[str, type]:
        """The fields of its data, with their types."""
        hints = get_type_hints(self.event)
        return {one.name: _of_a_value(hints[one.name]) for one in fields(self.event)}


def _of_a_value(hint: Any) -> type:
    """The type of the values that there are: int of `int | None`."""
    kinds: list[type] = [one for one in get_args(hint) if one is not NoneType] or [hint]
    return kinds[0]


offers: Registry[Offer] = Registry("offers")


def by_source() -> dict[str, Offer]:
    """The offers by their name in the outbox."""
    return {one.source: one for one in offers.all()}


def may_hear_kind(person: Any, offer: Offer) -> bool:
    """Whether the person may hear of such events at all."""
    return audit.may_read(offer.area, person) and (not offer.needs or person.has_perm(offer.needs))


def may_hear(person: Any, name: str, data: Mapping[str, Any]) -> bool:
    """Whether the person may hear of this one, as the world is now."""
    offer = offers.get(name)
    if offer is None or not person.is_active or not may_hear_kind(person, offer):
        return False
    if offer.model is None:
        return True
    manager: Any = offer.model._default_manager
    return bool(manager.all().visible_to(person).filter(**{offer.lookup: data.get(offer.field)}).exists())


def closed_names(viewer: Any) -> list[str]:
    """Events whose very log is not for this person (pay)."""
    return [one.key for one in offers.all() if not audit.may_read(one.area, viewer)]


def typed(name: str, text: str, events: Iterable[str]) -> Any:
    """What a person wrote, as the field of these events holds it; text that is no number or yes-no stays text."""
    kinds = {offer.facts.get(name) for key in events if (offer := offers.get(key))}
    if int in kinds and text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    if bool in kinds and text.lower() in ("true", "false"):
        return text.lower() == "true"
    return text
