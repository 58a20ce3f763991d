"""Plans: what is measured, at what rate, and who signed it."""

from typing import Any

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from forecasting.models.pay_scope import PayQuerySet
from revops.core.models import BaseModel, currency_field, money_field, percent_field

# A person's plan is seen as of today, or of the last day that the assignment ran.
_ASSIGNED = """
    SELECT {id} AS id, a.user_id AS payee_id, LEAST(upper(a.during) - 1, %s::date) AS on_day
    FROM forecasting_planassignment a {join}
"""


class PlanQuerySet(PayQuerySet):
    dated_rows = _ASSIGNED.format(id="a.plan_id", join="")

    def own(self, user: Any) -> Q:
        return Q(pk__in=PlanAssignment.objects.filter(user=user).values("plan_id"))


class PlanVersionQuerySet(PayQuerySet):
    dated_rows = _ASSIGNED.format(id="a.plan_version_id", join="")

    def own(self, user: Any) -> Q:
        return Q(pk__in=PlanAssignment.objects.filter(user=user).values("plan_version_id"))


class AssignmentQuerySet(PayQuerySet):
    payee_field = "user_id"
    dated_rows = _ASSIGNED.format(id="a.id", join="")


class CompPlan(BaseModel):
    """A compensation plan. What it pays stands in its versions."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, default="")

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        permissions = [
            ("view_all_compensation", "Can see everybody's compensation"),
            ("manage_compensation", "Can set plans, calculate and publish"),
        ]

    def __str__(self) -> str:
        return self.name


class PlanVersion(BaseModel):
    """An edition of a plan for a range of credit dates. Once approved it is not edited, only cut short or retired."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        APPROVED = "approved", _("Approved")
        ACTIVE = "active", _("Active")
        RETIRED = "retired", _("Retired")

    TRANSITIONS = {
        Status.DRAFT: frozenset({Status.IN_REVIEW}),
        Status.IN_REVIEW: frozenset({Status.APPROVED}),
        Status.APPROVED: frozenset({Status.ACTIVE}),
        Status.ACTIVE: frozenset({Status.RETIRED}),
        Status.RETIRED: frozenset(),
    }
    SETTLED = (Status.APPROVED, Status.ACTIVE, Status.RETIRED)

    class Rounding(models.TextChoices):
        HALF_UP = "ROUND_HALF_UP", _("Half up")
        HALF_EVEN = "ROUND_HALF_EVEN", _("Half to even")

    plan = models.ForeignKey(CompPlan, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    during = DateRangeField(help_text=_("The credit dates that it pays for."))
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.DRAFT, editable=False)
    currency = currency_field()
    clawback_days = models.PositiveSmallIntegerField(default=180)
    hold_days = models.PositiveSmallIntegerField(default=30, help_text=_("Earned money is held this long."))
    rounding = models.CharField(max_length=15, choices=Rounding.choices, default=Rounding.HALF_UP)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    approved_at = models.DateTimeField(null=True, editable=False)

    objects = PlanVersionQuerySet.as_manager()

    class Meta:
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_version_number_once"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "in_review"]) | Q(approved_at__isnull=False),
                name="plan_version_approved_has_date",
            ),
            ExclusionConstraint(
                name="plan_versions_have_disjoint_ranges",
                expressions=[("plan", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(status__in=["approved", "active", "retired"]),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="approved_plan_version_is_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__status__in=["approved", "active", "retired"]),
                func="""
                    IF TG_OP = 'UPDATE'
                        AND (NEW.plan_id, NEW.number, NEW.currency, NEW.clawback_days, NEW.hold_days, NEW.rounding)
                            = (OLD.plan_id, OLD.number, OLD.currency, OLD.clawback_days, OLD.hold_days, OLD.rounding)
                        AND lower(NEW.during) = lower(OLD.during) AND NEW.during <@ OLD.during
                        AND NEW.status NOT IN ('draft', 'in_review')
                    THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'plan version % is approved: it can be cut short or retired, not edited', OLD.id
                        USING ERRCODE = 'check_violation';
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan}, version {self.number}"

    @property
    def is_editable(self) -> bool:
        return self.status == self.Status.DRAFT


def _frozen_with_version(name: str, version_of: str) -> pgtrigger.Trigger:
    """Refuse any write to what belongs to an approved version. `version_of` reads the version's id from ROW."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("settled", "boolean")],
        func=f"""
            SELECT EXISTS (
                SELECT 1 FROM forecasting_planversion v
                WHERE v.status IN ('approved', 'active', 'retired') AND v.id IN ({version_of})
            ) INTO settled;
            IF settled THEN
                RAISE EXCEPTION 'the plan version is approved: its components and tiers are final'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN COALESCE(NEW, OLD);
        """,  # noqa: S608  our own text
    )


class Component(models.Model):
    """One measure with its rates."""

    class Metric(models.TextChoices):
        REVENUE = "revenue", _("Booked revenue")
        MRR = "mrr", _("Monthly recurring revenue")

    class Mode(models.TextChoices):
        FLAT = "flat", _("Flat")
        RETRO = "retro", _("Retroactive")
        MARGINAL = "marginal", _("Marginal")

    class Comparator(models.TextChoices):
        GT = "gt", _("exceeds")
        GTE = "gte", _("reaches")

    plan_version = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="components")
    position = models.PositiveSmallIntegerField(default=1)
    name = models.CharField(max_length=80)
    metric = models.CharField(max_length=10, choices=Metric.choices, default=Metric.REVENUE)
    mode = models.CharField(max_length=8, choices=Mode.choices, default=Mode.RETRO)
    comparator = models.CharField(max_length=3, choices=Comparator.choices, default=Comparator.GT)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["plan_version", "position"], name="component_position_once"),
        ]
        triggers = [_frozen_with_version("component_final", "COALESCE(NEW.plan_version_id, OLD.plan_version_id)")]

    def __str__(self) -> str:
        return self.name


class Tier(models.Model):
    """From this amount in the month, this rate. Bands are half-open, so there are no gaps and no overlaps."""

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="tiers")
    bound = money_field(help_text=_("0 in the first tier."))
    rate = percent_field(help_text=_("Per cent."))

    class Meta:
        ordering = ["bound"]
        constraints = [
            models.UniqueConstraint(fields=["component", "bound"], name="tier_bound_once"),
            models.CheckConstraint(condition=Q(bound__gte=0), name="tier_bound_not_negative"),
            models.CheckConstraint(condition=Q(rate__gte=0), name="tier_rate_not_negative"),
        ]
        triggers = [
            _frozen_with_version(
                "tier_final",
                "SELECT c.plan_version_id FROM forecasting_component c"
                " WHERE c.id = COALESCE(NEW.component_id, OLD.component_id)",
            )
        ]

    def __str__(self) -> str:
        return f"{self.rate.normalize():f} % from {self.bound}"


class PlanAssignment(BaseModel):
    """Who is paid by which edition, and when. It pays only once signed."""

    class Status(models.TextChoices):
        OFFERED = "offered", _("Offered")
        SIGNED = "signed", _("Signed")
        ACTIVE = "active", _("Active")
        ENDED = "ended", _("Ended")

    TRANSITIONS = {
        Status.OFFERED: frozenset({Status.SIGNED}),
        Status.SIGNED: frozenset({Status.ACTIVE}),
        Status.ACTIVE: frozenset({Status.ENDED}),
        Status.ENDED: frozenset(),
    }

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="plan_assignments")
    plan = models.ForeignKey(CompPlan, on_delete=models.PROTECT, related_name="assignments", editable=False)
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="assignments")
    during = DateRangeField()
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.OFFERED, editable=False)
    signed_at = models.DateTimeField(null=True, editable=False)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status="offered") | Q(signed_at__isnull=False), name="plan_assignment_pays_only_signed"
            ),
            models.CheckConstraint(
                condition=~Q(status="ended") | Q(during__endswith__isnull=False), name="plan_assignment_ended_has_end"
            ),
            ExclusionConstraint(
                name="plan_assignment_one_a_day",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("plan", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.plan_version}"
