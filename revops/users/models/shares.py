"""Named shares: one record, for one person or one team, to read or to work on, until a day."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from revops.core import clock
from revops.core.models import Stamped
from revops.users.models.people import User
from revops.users.models.teams import Team, TeamMembership


class ShareQuerySet(models.QuerySet[Any]):
    def in_force(self) -> Self:
        """The last day counts."""
        return self.filter(Q(until__isnull=True) | Q(until__gte=clock.today()))

    def with_(self, user: Any) -> Self:
        """For this person, by name or as a member or manager of the team today."""
        teams = TeamMembership.objects.filter(user=user, during__contains=clock.today()).order_by().values("team_id")
        return self.filter(Q(user=user) | Q(team__in=teams))


class RecordShare(Stamped):
    """The base: each room has a table of its own that adds `record`, and registers it (registries.sharing)."""

    class Level(models.TextChoices):
        VIEW = "view", _("To read")
        EDIT = "edit", _("To work on")

    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    level = models.CharField(max_length=4, choices=Level.choices, default=Level.VIEW)
    until = models.DateField(null=True, blank=True, help_text=_("The last day. Empty: until it is revoked."))
    message = models.CharField(max_length=400, blank=True, default="")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = ShareQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.user or self.team}: {self.level}"


def share_rules(name: str) -> list[models.BaseConstraint]:
    """The constraints that go with RecordShare."""
    return [
        models.CheckConstraint(
            condition=Q(user__isnull=False, team__isnull=True) | Q(user__isnull=True, team__isnull=False),
            name=f"{name}_for_a_person_or_a_team",
        ),
        models.UniqueConstraint(
            fields=["record", "user"], condition=Q(user__isnull=False), name=f"{name}_once_a_person"
        ),
        models.UniqueConstraint(fields=["record", "team"], condition=Q(team__isnull=False), name=f"{name}_once_a_team"),
    ]


def share_indexes(name: str) -> list[models.Index]:
    """What is shared with a person is looked up with every request."""
    return [
        models.Index(fields=["user"], condition=Q(user__isnull=False), name=f"{name}_by_user"),
        models.Index(fields=["team"], condition=Q(team__isnull=False), name=f"{name}_by_team"),
    ]
