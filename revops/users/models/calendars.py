"""Working time: calendars with hours and holidays, and people's absences."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from revops.core.models import BaseModel, Stamped


class WorkingCalendar(BaseModel):
    """Opening hours by weekday in one time zone, less holidays."""

    name = models.CharField(max_length=80, unique=True)
    time_zone = models.CharField(max_length=40, default="UTC")
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="working_calendar_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WorkingHours(models.Model):
    """One stretch of a weekday (0 is Monday)."""

    calendar = models.ForeignKey(WorkingCalendar, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField()
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        verbose_name_plural = _("working hours")
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__range=(0, 6)), name="working_hours_weekday_0_to_6"),
            models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="working_hours_close_after_open"),
            models.UniqueConstraint(fields=["calendar", "weekday", "opens"], name="working_hours_once"),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens}–{self.closes}"


class Holiday(models.Model):
    """A day on which the calendar is closed."""

    calendar = models.ForeignKey(WorkingCalendar, on_delete=models.CASCADE, related_name="holidays")
    on = models.DateField()
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "on"], name="holiday_once_a_day")]

    def __str__(self) -> str:
        return f"{self.name} {self.on}"


class Absence(Stamped):
    """Out of office: nothing is routed to this person on these days."""

    user = models.ForeignKey("users.User", on_delete=models.CASCADE, related_name="absences")
    during = DateRangeField()
    reason = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="absence_no_overlap",
                expressions=[("user", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} away"
