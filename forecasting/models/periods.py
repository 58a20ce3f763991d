"""The fiscal calendar as rows, so that a month can be closed."""

from datetime import date
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from revops.core.models import BaseModel
from revops.core.scope import NOBODY, ScopedQuerySet


class DateRange(Func):
    """daterange(first_on, last_on, '[]')."""

    function = "DATERANGE"


class PeriodQuerySet(ScopedQuerySet["FiscalPeriod"]):
    def visible_to(self, user: object) -> Self:
        """The calendar is everybody's who works here."""
        return self.all() if getattr(user, "is_authenticated", False) and user.is_active else self.filter(NOBODY)  # type: ignore[attr-defined]

    def months(self) -> Self:
        return self.filter(kind=FiscalPeriod.Kind.MONTH)

    def holding(self, day: date) -> Self:
        return self.filter(first_on__lte=day, last_on__gte=day)

    def taking_postings(self) -> Self:
        return self.filter(status__in=FiscalPeriod.TAKES_POSTINGS)


class FiscalPeriod(BaseModel):
    """A month, quarter or year. Once closed its figures never change: corrections post to an open one."""

    class Kind(models.TextChoices):
        MONTH = "month", _("Month")
        QUARTER = "quarter", _("Quarter")
        YEAR = "year", _("Year")

    class Status(models.TextChoices):
        FUTURE = "future", _("Future")
        OPEN = "open", _("Open")
        CALCULATING = "calculating", _("Calculating")
        REVIEW = "review", _("In review")
        CLOSED = "closed", _("Closed")
        LOCKED = "locked", _("Locked")

    TRANSITIONS = {
        Status.FUTURE: frozenset({Status.OPEN}),
        Status.OPEN: frozenset({Status.CALCULATING}),
        Status.CALCULATING: frozenset({Status.REVIEW}),
        Status.REVIEW: frozenset({Status.CLOSED}),
        Status.CLOSED: frozenset({Status.LOCKED, Status.OPEN}),
        Status.LOCKED: frozenset(),
    }
    # A month in review is being checked: what it says must stand still.
    TAKES_POSTINGS = (Status.OPEN, Status.CALCULATING)

    kind = models.CharField(max_length=7, choices=Kind.choices)
    label = models.CharField(max_length=12, help_text=_("2026-11, 2026-Q4 or 2026."))
    first_on = models.DateField()
    last_on = models.DateField()
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.FUTURE, editable=False)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        ordering = ["first_on", "kind"]
        permissions = [
            ("manage_periods", "Can open, close and lock periods"),
            ("reopen_period", "Can reopen a closed period"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "label"], name="fiscal_period_label_once"),
            models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="fiscal_period_ends_after_start"),
            ExclusionConstraint(
                name="fiscal_period_no_overlap",
                expressions=[
                    ("kind", RangeOperators.EQUAL),
                    (DateRange("first_on", "last_on", RangeBoundary(True, True)), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def takes_postings(self) -> bool:
        return self.status in self.TAKES_POSTINGS
