"""What repeats: the rule by which the next activity is planned, and which events of other calendars became what."""

import hashlib
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.activities import Activity
from revops.core.models import BaseModel, Stamped
from revops.core.scope import ScopedQuerySet


class ActivitySeriesQuerySet(ScopedQuerySet["ActivitySeries"]):
    def visible_to(self, user: Any) -> Self:
        """Who sees one of its activities sees the series."""
        return self.filter(pk__in=Activity.objects.visible_to(user).filter(series__isnull=False).values("series_id"))


class ActivitySeries(BaseModel):
    """An activity that comes again. One of it is planned at a time; what the next one says stands here."""

    rule = models.CharField(max_length=200)
    zone = models.CharField(max_length=64, default="UTC")
    starts_at = models.DateTimeField()
    without = models.JSONField(default=list, blank=True)
    kind = models.CharField(max_length=8, choices=Activity.Kind.choices)
    subject = models.CharField(max_length=200)
    body = models.TextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ActivitySeriesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("activity series")
        constraints = [models.CheckConstraint(condition=~Q(rule=""), name="activity_series_has_rule")]

    def __str__(self) -> str:
        return self.subject


class CalendarFeed(Stamped):
    """The address under which a person's calendar program reads what they planned. Only its digest is stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_feeds")
    digest = models.CharField(max_length=64, unique=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(revoked_at__isnull=True), name="calendar_feed_one_a_person"
            )
        ]

    def __str__(self) -> str:
        return str(self.user)

    @staticmethod
    def digest_of(raw: str) -> str:
        """What is stored of an address. It is long and random, so a plain hash is enough."""
        return hashlib.sha256(raw.encode()).hexdigest()


class ImportedEvent(Stamped):
    """Which event of another calendar became which activity: the same UID, read again, is the same row."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="imported_events")
    uid = models.CharField(max_length=255)
    sequence = models.PositiveIntegerField(default=0)
    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="imported_events")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "uid"], name="imported_event_once_a_person")]

    def __str__(self) -> str:
        return self.uid
