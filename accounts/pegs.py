"""Where activities hang: each room names its records that have a timeline, with the table that links them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_permission_codename
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext

from accounts.models import Account, Activity, Contact
from revops.core.errors import BadRequest
from revops.core.registries import Registry, ScopeSource, scope_sources

if TYPE_CHECKING:
    from django.db.models import Model
    from django_stubs_ext import StrOrPromise

About = tuple[Account | None, Contact | None]


@dataclass(frozen=True)
class Peg:
    """A kind of record that activities hang on. `link` has a foreign key `field` to `model`, which has `visible_to`.

    `about(record)` says with which account and contact such an activity stands as well, `name(record)` how the record
    is called where an activity leads to it; `joins` are what that name reads.
    """

    key: str
    label: StrOrPromise
    model: type[Any]
    link: type[Any]
    about: Callable[[Any], About]
    order: int = 100
    field: str = "record"
    name: Callable[[Any], str] = str
    joins: tuple[str, ...] = ()

    @property
    def permission(self) -> str:
        """Who sees such records may log on them."""
        meta = self.model._meta
        return f"{meta.app_label}.{get_permission_codename('view', meta)}"

    def links(self, **where: Any) -> QuerySet[Any]:
        """Rows of the table between them."""
        return self.link._default_manager.filter(**where)  # type: ignore[no-any-return]

    def activities_of(self, records: Any) -> QuerySet[Any]:
        """The keys of the activities on these records (a queryset, or keys)."""
        return self.links(**{f"{self.field}__in": records}).values("activity_id")

    def places(self, activity_ids: Collection[int]) -> Mapping[int, tuple[str, str]]:
        """Of these activities those that hang here: what the record is called, and its address."""
        joined = (self.field, *(f"{self.field}__{name}" for name in self.joins))
        rows = ((row.activity_id, getattr(row, self.field)) for row in self._rows(activity_ids, joined))
        return {pk: (self.name(record), record.get_absolute_url()) for pk, record in rows}

    def _rows(self, activity_ids: Collection[int], joined: tuple[str, ...]) -> QuerySet[Any]:
        return self.links(activity_id__in=activity_ids).select_related(*joined)


pegs: Registry[Peg] = Registry("pegs")


def register_peg(peg: Peg) -> None:
    """The peg, and the right to see an activity that comes with the record."""
    pegs.register(peg)
    scope_sources.register(ScopeSource(f"activities.{peg.key}", "accounts.activity", _seen_on(peg)))


def _seen_on(peg: Peg) -> Callable[[Any], QuerySet[Any]]:
    return lambda user: peg.activities_of(peg.model.objects.visible_to(user).values("pk"))


def peg_for(record: Model) -> Peg:
    """The peg of a record's kind."""
    return next(peg for peg in pegs if isinstance(record, peg.model))


def peg_of(text: str) -> tuple[Peg, int]:
    """`order:12` -> the peg and the record's key. Raises BadRequest for anything else."""
    key, _colon, number = text.partition(":")
    peg = pegs.get(key)
    if peg is None or not number.isascii() or not number.isdigit() or len(number) > 18:
        raise BadRequest(
            "unknown_record", gettext("“%(text)s” names no kind of record that has activities.") % {"text": text[:60]}
        )
    return peg, int(number)


def activities_on(record: Model, *, viewer: Any) -> QuerySet[Activity]:
    """The activities of a record that the viewer may see."""
    return Activity.objects.visible_to(viewer).filter(pk__in=peg_for(record).activities_of([record.pk]))


def with_next(rows: QuerySet[Any], peg_key: str) -> QuerySet[Any]:
    """Records with the time (`next_due_at`) and the subject of their next action."""
    peg = pegs.get(peg_key)
    assert peg is not None
    planned = peg.links(**{peg.field: OuterRef("pk"), "activity__status": Activity.Status.PLANNED})
    earliest = planned.order_by("activity__due_at", "activity_id")
    return rows.annotate(
        next_due_at=Subquery(earliest.values("activity__due_at")[:1]),
        next_subject=Subquery(earliest.values("activity__subject")[:1]),
    )


def homes_of(activities: Collection[Activity]) -> dict[int, tuple[str, str]]:
    """What each activity is about, one query a kind: a deal or lead before the account, the account before nothing."""
    found: dict[int, tuple[str, str]] = {}
    for peg in pegs:
        rest = [row.pk for row in activities if row.pk not in found]
        found.update(peg.places(rest) if rest else {})
    for row in activities:
        about = row.account or row.contact
        if row.pk not in found:
            found[row.pk] = (str(about), about.get_absolute_url()) if about else ("", row.get_absolute_url())
    return found
