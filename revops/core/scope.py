"""Whose records a person sees. `users` fills the reach; models say which column it applies to."""

from collections.abc import Callable, Collection
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Q

from revops.core.errors import NotAllowed

M = TypeVar("M", bound=models.Model)

NOBODY = Q(pk__in=[])
_reach: list[Callable[[Any], Collection[int] | None]] = []


def provide_reach(source: Callable[[Any], Collection[int] | None]) -> None:
    """Register the team tree's answer: ids of the people whose records `user` sees, None for everybody's."""
    _reach[:] = [source]


def reach_ids(user: Any) -> Collection[int] | None:
    """Ids of the people whose records `user` sees; None means all. Outsiders (not staff of ours, inactive) get ()."""
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return ()
    return _reach[0](user)


def sees_everything(user: Any) -> bool:
    """Nothing is hidden from this person, nor from nobody: a job, an event."""
    return user is None or reach_ids(user) is None


def within_reach(user: Any, *fields: str) -> Q:
    """A condition: any of the user foreign keys `fields` (default owner) lies in the reach of `user`."""
    ids = reach_ids(user)
    if ids is None:
        return Q()
    if not ids:
        return NOBODY
    condition = Q()
    for name in fields or ("owner",):
        condition |= Q(**{f"{name}_id__in": ids})
    return condition


class ScopedQuerySet(models.QuerySet[M]):
    """The base of every model's QuerySet: a look-up starts with `visible_to`.

    Override it where more than the owner counts.
    """

    def visible_to(self, user: Any) -> Self:
        return self.filter(within_reach(user))


def require(user: Any, permission: str, message: str = "") -> None:
    """Refuse with 403 unless `user` holds `permission` ("app.codename")."""
    if not user.has_perm(permission):
        raise NotAllowed(message or "Your role does not include this.", facts={"permission": permission})
