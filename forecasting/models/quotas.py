"""Quotas: what a person or a team is to book in a period."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from forecasting.models.periods import FiscalPeriod
from revops.core.history import tracked
from revops.core.models import BaseModel, currency_field, money_field
from revops.core.money import Money
from revops.core.scope import NOBODY, ScopedQuerySet, reach_ids
from revops.users.models import Team


class QuotaQuerySet(ScopedQuerySet["Quota"]):
    def visible_to(self, user: Any) -> Self:
        """One's own, those of one's reach, and those of the teams these people are in."""
        ids = reach_ids(user)
        if ids is None:
            return self.all()
        if not ids:
            return self.filter(NOBODY)
        teams = Team.objects.filter(memberships__user_id__in=ids).values("pk")
        return self.filter(Q(user_id__in=ids) | Q(team__in=teams))

    def active(self) -> Self:
        return self.filter(status=Quota.Status.ACTIVE)


@tracked()
class Quota(BaseModel):
    """The amount to book. A new edition supersedes the old one, which keeps standing for what was closed under it."""

    class Metric(models.TextChoices):
        REVENUE = "revenue", _("Booked revenue")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PROPOSED = "proposed", _("Proposed")
        APPROVED = "approved", _("Approved")
        ACTIVE = "active", _("Active")
        SUPERSEDED = "superseded", _("Superseded")

    TRANSITIONS = {
        Status.DRAFT: frozenset({Status.PROPOSED}),
        Status.PROPOSED: frozenset({Status.APPROVED}),
        Status.APPROVED: frozenset({Status.ACTIVE}),
        Status.ACTIVE: frozenset({Status.SUPERSEDED}),
        Status.SUPERSEDED: frozenset(),
    }

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="quotas"
    )
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="quotas")
    metric = models.CharField(max_length=10, choices=Metric.choices, default=Metric.REVENUE)
    period = models.ForeignKey(FiscalPeriod, on_delete=models.PROTECT, related_name="quotas")
    number = models.PositiveSmallIntegerField(default=1, help_text=_("The edition."))
    amount = money_field()
    currency = currency_field()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    approved_at = models.DateTimeField(null=True, editable=False)

    objects = QuotaQuerySet.as_manager()

    class Meta:
        permissions = [("manage_quotas", "Can set quotas"), ("approve_quota", "Can approve quotas")]
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, team__isnull=True) | Q(user__isnull=True, team__isnull=False),
                name="quota_of_a_person_or_a_team",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="quota_positive"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "proposed"]) | Q(approved_at__isnull=False),
                name="quota_approved_has_date",
            ),
            models.UniqueConstraint(
                fields=["user", "team", "metric", "period", "number"],
                nulls_distinct=False,
                name="quota_number_once",
            ),
            models.UniqueConstraint(
                fields=["user", "team", "metric", "period"],
                condition=Q(status="active"),
                nulls_distinct=False,
                name="quota_one_active",
            ),
        ]
        indexes = [models.Index(fields=["period", "status", "id"], name="quota_by_period")]

    def __str__(self) -> str:
        return f"{self.user or self.team}, {self.period}, edition {self.number}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)
