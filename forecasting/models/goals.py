"""Goals: what somebody is to reach in a period, broken down into parts that add up."""

from decimal import Decimal
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from forecasting.models.periods import FiscalPeriod
from revops.catalog.models import Product
from revops.core.models import BaseModel
from revops.core.scope import ScopedQuerySet


class GoalQuerySet(ScopedQuerySet["Goal"]):
    def whole(self) -> Self:
        """Those that are no part of another."""
        return self.filter(parent__isnull=True)


class Goal(BaseModel):
    """A number of something in a period. Its dimensions say what counts; an empty one asks nothing.

    Parts of a goal add up to its target, unless it was said that they need not.
    """

    class Metric(models.TextChoices):
        QUALIFIED_LEADS = "qualified_leads", _("Qualified leads")

    class CustomerType(models.TextChoices):
        NEW = "new", _("New customers")
        EXISTING = "existing", _("Existing customers")

    metric = models.CharField(max_length=20, choices=Metric.choices, default=Metric.QUALIFIED_LEADS)
    period = models.ForeignKey(FiscalPeriod, on_delete=models.PROTECT, related_name="goals")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="goals")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="parts")
    name = models.CharField(max_length=120, blank=True, default="")
    region = models.CharField(max_length=80, blank=True, default="")
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="goals")
    customer_type = models.CharField(max_length=8, choices=CustomerType.choices, blank=True, default="")
    min_score = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    target = models.DecimalField(max_digits=19, decimal_places=3)
    allow_variance = models.BooleanField(default=False, help_text=_("Its parts need not add up to it."))

    objects = GoalQuerySet.as_manager()

    class Meta:
        ordering = ["period", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(target__gt=0), name="goal_target_positive"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="goal_is_no_part_of_itself"),
            models.CheckConstraint(
                condition=Q(min_score__isnull=True) | Q(min_score__range=(0, 100)), name="goal_score_0_to_100"
            ),
        ]
        indexes = [models.Index(fields=["metric", "period", "owner"], name="goal_by_period")]
        triggers = [
            pgtrigger.Trigger(
                name="parts_of_a_goal_add_up",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                timing=pgtrigger.Deferred,
                declare=[("whole", "RECORD"), ("parts", "numeric")],
                func="""
                    FOR whole IN
                        SELECT g.id, g.target FROM forecasting_goal g
                        WHERE NOT g.allow_variance AND g.id IN (
                            CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE NEW.id END,
                            CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE NEW.parent_id END,
                            CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE OLD.parent_id END
                        )
                    LOOP
                        SELECT SUM(p.target) INTO parts FROM forecasting_goal p WHERE p.parent_id = whole.id;
                        IF parts IS NOT NULL AND parts <> whole.target THEN
                            RAISE EXCEPTION 'the parts of goal % add up to %, not %', whole.id, parts, whole.target
                                USING ERRCODE = 'check_violation';
                        END IF;
                    END LOOP;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.get_metric_display()} {self.period}"

    def get_absolute_url(self) -> str:
        return reverse("goal-detail", args=[self.pk])

    @property
    def dimensions(self) -> list[str]:
        """What counts, in words."""
        score = "" if self.min_score is None else _("score from %(score)s") % {"score": _plain(self.min_score)}
        kind = self.get_customer_type_display() if self.customer_type else ""
        return [str(text) for text in (self.region, self.product, kind, score) if text]


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


class GoalProgress(models.Model):
    """How far a goal was at the end of a day, or by now: one row a goal and day."""

    goal = models.ForeignKey(Goal, on_delete=models.CASCADE, related_name="progress")
    as_of = models.DateField()
    value = models.DecimalField(max_digits=19, decimal_places=3)
    computed_at = models.DateTimeField()

    class Meta:
        ordering = ["goal", "as_of"]
        verbose_name_plural = _("goal progress")
        constraints = [models.UniqueConstraint(fields=["goal", "as_of"], name="goal_progress_once_a_day")]

    def __str__(self) -> str:
        return f"{self.value}"
