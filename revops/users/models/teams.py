"""Teams: a dated tree, with dated memberships."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from revops.core.models import BaseModel, ExternalRef, Stamped, unique_external_ref
from revops.users.models.people import User


class Team(BaseModel, ExternalRef):
    """A group of people with one target. Where it stands in the tree is dated (TeamPlacement)."""

    name = models.CharField(max_length=80, unique=True)

    class Meta:
        ordering = ["name"]
        constraints = [unique_external_ref("team_external_ref_unique")]

    def __str__(self) -> str:
        return self.name


class TeamPlacement(Stamped):
    """Team `team` stands under `parent` during these days. A team without a placement is a root."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="placements")
    parent = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="child_placements")
    during = DateRangeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="team_placement_one_parent_a_day",
                expressions=[("team", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(condition=~Q(team=F("parent")), name="team_placement_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return f"{self.team} under {self.parent}"


class TeamMembership(Stamped):
    """A person in a team during these days; a manager reaches the team and all teams below it."""

    class Role(models.TextChoices):
        MEMBER = "member", _("Member")
        MANAGER = "manager", _("Manager")

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.MEMBER)
    during = DateRangeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="team_membership_one_team_a_day",
                expressions=[("user", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(role="member"),
            ),
            ExclusionConstraint(
                name="team_membership_no_double",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("team", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.role} of {self.team}"
