"""What somebody holds who is about to leave, and who could take it."""

from dataclasses import dataclass

from django.db.models import QuerySet

from revops.core import clock
from revops.core.registries import Holding, hand_over
from revops.users.models import TeamMembership, User
from revops.users.selectors.people import manager_of


@dataclass(frozen=True)
class Held:
    """How many of one kind a person holds."""

    holding: Holding
    count: int
    url: str = ""


def holdings_of(user: User) -> list[Held]:
    """Every kind with its count, those of which there are none included."""
    return [Held(one, one.rows(user).order_by().count(), one.url(user) if one.url else "") for one in hand_over.all()]


def open_counts(user: User) -> dict[str, int]:
    """What must go to somebody else before this person can be deactivated: {kind: how many}."""
    return {held.holding.key: held.count for held in holdings_of(user) if held.holding.blocks and held.count}


def heir_of(user: User) -> User | None:
    """Who takes it unless somebody says otherwise: the nearest manager who works here."""
    manager = manager_of(user, clock.today())
    return manager if manager is not None and manager.can_sign_in else None


def managed_by(user: User) -> QuerySet[TeamMembership]:
    """Where a person is manager today."""
    return TeamMembership.objects.filter(
        user=user, role=TeamMembership.Role.MANAGER, during__contains=clock.today()
    ).order_by("pk")
