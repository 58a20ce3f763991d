"""Who owns which part of the market: models of territories, one of them in force, others being planned."""

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.companies import Account, Territory
from revops.core.models import BaseModel
from revops.core.scope import NOBODY, ScopedQuerySet, within_reach

PLAN = "accounts.change_territorymodel"


def words(longest: int, label: Any) -> ArrayField[Any, Any]:
    """A list of words, kept in small letters; empty stands for any."""
    return ArrayField(models.CharField(max_length=longest), default=list, blank=True, verbose_name=label)


class TerritoryModelQuerySet(ScopedQuerySet["TerritoryModel"]):
    def visible_to(self, user: Any) -> Self:
        """The model in force is everybody's to read; what is planned or over is the planners'."""
        if not user.is_authenticated or not user.is_active:
            return self.filter(NOBODY)
        return self.all() if user.has_perm(PLAN) else self.filter(status=TerritoryModel.Status.ACTIVE)


class TerritoryModel(BaseModel):
    """One way to divide the accounts. At most one is in force; a planned one shows first what it would change."""

    class Status(models.TextChoices):
        PLANNING = "planning", _("Planned")
        ACTIVE = "active", _("In force")
        ARCHIVED = "archived", _("Archived")

    TRANSITIONS = {
        Status.PLANNING: frozenset({Status.ACTIVE}),
        Status.ACTIVE: frozenset({Status.ARCHIVED}),
        Status.ARCHIVED: frozenset(),
    }

    name = models.CharField(max_length=80, unique=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PLANNING, editable=False)
    keeps_hand = models.BooleanField(default=True, verbose_name=_("Leave what people placed by hand where it is"))
    previewed_at = models.DateTimeField(null=True, blank=True, editable=False)
    activated_at = models.DateTimeField(null=True, blank=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TerritoryModelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["status"], condition=Q(status="active"), name="territory_model_one_active"),
            models.CheckConstraint(
                condition=Q(status="planning") | Q(activated_at__isnull=False), name="territory_model_active_has_date"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TerritoryRule(BaseModel):
    """A territory as a model draws it: whose it is, and which accounts belong to it.

    An account belongs where every criterion that is named holds; of several such territories the one with the
    lowest priority number wins. Without any criterion it takes what people put there by hand, unless it is the
    rest of the world.
    """

    model = models.ForeignKey(TerritoryModel, on_delete=models.CASCADE, related_name="rules")
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="rules")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="territory_rules"
    )
    priority = models.PositiveSmallIntegerField(default=100, help_text=_("1 is the highest."))
    countries = words(80, _("Countries"))
    states = words(80, _("States"))
    postal_prefixes = words(20, _("Postal codes that start with"))
    industries = words(80, _("Industries"))
    segments = words(40, _("Segments"))
    tiers = words(1, _("Tiers"))
    employees_min = models.PositiveIntegerField(null=True, blank=True, verbose_name=_("Employees from"))
    employees_max = models.PositiveIntegerField(null=True, blank=True, verbose_name=_("Employees to"))
    catch_all = models.BooleanField(default=False, verbose_name=_("Takes the rest of the world"))

    class Meta:
        ordering = ["priority", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["model", "territory"], name="territory_rule_once"),
            models.CheckConstraint(condition=Q(priority__gt=0), name="territory_rule_priority_from_1"),
            models.CheckConstraint(
                condition=Q(employees_min__isnull=True)
                | Q(employees_max__isnull=True)
                | Q(employees_min__lte=F("employees_max")),
                name="territory_rule_employees_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.territory}, {self.model}"


class TerritoryAssignment(models.Model):
    """Where a model put an account, and why; the account's own column is what holds today."""

    class Kind(models.TextChoices):
        RULE = "rule", _("By its rules")
        HAND = "hand", _("By hand")
        TIE = "tie", _("Several fit equally")
        NONE = "none", _("None fits")

    model = models.ForeignKey(TerritoryModel, on_delete=models.CASCADE, related_name="assignments")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="territory_assignments")
    territory = models.ForeignKey(Territory, null=True, on_delete=models.PROTECT, related_name="assignments")
    kind = models.CharField(max_length=4, choices=Kind.choices)
    assigned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "account"], name="territory_assignment_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["rule", "hand"], territory__isnull=False)
                | Q(kind__in=["tie", "none"], territory__isnull=True),
                name="territory_assignment_says_why",
            ),
        ]
        indexes = [models.Index(fields=["model", "kind"], name="territory_assignment_kind")]

    def __str__(self) -> str:
        return f"{self.account} → {self.territory or self.get_kind_display()}"


class TerritoryChangeQuerySet(ScopedQuerySet["TerritoryChange"]):
    def visible_to(self, user: Any) -> Self:
        """Rows of a plan are the planners', as far as they see the accounts."""
        if not user.is_authenticated or not user.is_active or not user.has_perm(PLAN):
            return self.filter(NOBODY)
        return self.filter(within_reach(user, "account__owner"))


class TerritoryChange(models.Model):
    """One row of a preview: what becomes of an account when the model comes into force. Afterwards: what became."""

    model = models.ForeignKey(TerritoryModel, on_delete=models.CASCADE, related_name="changes")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="territory_changes")
    kind = models.CharField(max_length=4, choices=TerritoryAssignment.Kind.choices)
    territory_before = models.ForeignKey(Territory, null=True, on_delete=models.PROTECT, related_name="+")
    territory_after = models.ForeignKey(Territory, null=True, on_delete=models.PROTECT, related_name="+")
    owner_before = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    owner_after = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = TerritoryChangeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "account"], name="territory_change_once")]

    def __str__(self) -> str:
        return f"{self.account}: {self.territory_before} → {self.territory_after}"

    def get_absolute_url(self) -> str:
        return self.account.get_absolute_url()
