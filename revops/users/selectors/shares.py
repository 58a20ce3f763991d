"""Who sees a record, and why."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from revops.core import clock
from revops.users.models import RecordShare, User
from revops.users.registries import Sharing, sharing
from revops.users.selectors.people import managers_above
from revops.users.shares import counting

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Access:
    """One person (or team, or group of people) and the reason."""

    who: Any
    why: "StrOrPromise"
    share: RecordShare | None = None
    until: date | None = None
    over: bool = False


def sharing_of(record: Any) -> Sharing | None:
    """How records of this kind are shared; None: not at all."""
    return sharing.get(record._meta.label_lower)


def shares_of(record: Any) -> list[RecordShare]:
    """Every share of a record, over or not."""
    kind = sharing_of(record)
    if kind is None:
        return []
    rows = kind.model.objects.filter(record=record).select_related("user", "team", "created_by", "record")
    return list(rows.order_by("pk"))


def may_share(record: Any, viewer: User) -> bool:
    """By one's own reach and right; what was shared with one is not passed on."""
    kind = sharing_of(record)
    if kind is None or not viewer.has_perm(kind.permission):
        return False
    with counting():
        return bool(kind.record._default_manager.visible_to(viewer).filter(pk=record.pk).exists())


def access_to(record: Any) -> list[Access]:
    """The owner, who manages the owner, who sees everything, whoever has a place on it, and the shares."""
    found: list[Access] = []
    owner = getattr(record, "owner", None)
    if owner is not None:
        found.append(Access(owner, _("owns it")))
        above = [person for person in managers_above(owner, clock.today()) if person.is_active]
        reaching = [person for person in above if person.reach == User.Reach.TEAM]
        found += [Access(person, format_lazy(_("manages {name}"), name=str(owner))) for person in reaching]
    kind = sharing_of(record)
    if kind is not None and kind.others is not None:
        found += [Access(person, why) for person, why in kind.others(record) if owner is None or person.pk != owner.pk]
    found += [
        Access(person, _("sees every record")) for person in User.objects.working().filter(reach=User.Reach.ALL)[:50]
    ]
    return found + [_shared(share) for share in shares_of(record)]


def _shared(share: RecordShare) -> Access:
    words = {"name": str(share.created_by)}
    works = share.level == RecordShare.Level.EDIT
    why = _("works on it, shared by {name}") if works else _("reads it, shared by {name}")
    over = share.until is not None and share.until < clock.today()
    return Access(share.user or share.team, format_lazy(why, **words), share, share.until, over)
