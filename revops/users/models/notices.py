"""What a person is told, where, and whether it has been mailed."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from revops.core.models import Stamped
from revops.core.scope import NOBODY
from revops.users.models.people import User


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: Any) -> Self:
        """One's own, as far as they are shown in the page; whoever sees every record reads no other's either."""
        if not user.is_authenticated or not user.is_active:
            return self.filter(NOBODY)
        return self.filter(user=user, in_page=True)

    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)


class Notification(Stamped):
    """One thing for one person. `about_*` names the record, which is asked for again whenever this is shown.

    `mail_after` is when a mail is due (a worker that takes it pushes it ahead); empty: none, or no more.
    """

    class Mail(models.TextChoices):
        NONE = "none", _("No mail")
        NOW = "now", _("At once")
        DIGEST = "digest", _("In the daily summary")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    body = models.CharField(max_length=1000, blank=True, default="")
    url = models.CharField(max_length=400)
    actor = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    about_model = models.CharField(max_length=80, blank=True, default="")
    about_id = models.CharField(max_length=40, blank=True, default="")
    key = models.CharField(max_length=160, blank=True, default="")
    in_page = models.BooleanField(default=True)
    read_at = models.DateTimeField(null=True, blank=True)
    mail = models.CharField(max_length=6, choices=Mail.choices, default=Mail.NONE)
    mail_after = models.DateTimeField(null=True, blank=True)
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], condition=~Q(key=""), name="notification_once_per_key"),
            models.CheckConstraint(
                condition=Q(mailed_at__isnull=True) | Q(mail_after__isnull=True), name="notification_mailed_once"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], condition=Q(in_page=True), name="notification_by_user"),
            models.Index(fields=["user"], condition=Q(in_page=True, read_at__isnull=True), name="notification_unread"),
            models.Index(fields=["mail_after"], condition=Q(mail_after__isnull=False), name="notification_mail_due"),
            models.Index(fields=["created_at"], name="notification_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"  # never its words: those are for its reader

    def get_absolute_url(self) -> str:
        return reverse("notification-open", args=[self.pk])


class NotificationPreference(Stamped):
    """Where a person wants to hear of one kind of thing; without a row the kind's own default holds."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notification_preferences")
    kind = models.CharField(max_length=40)
    in_page = models.BooleanField(default=True)
    mail = models.CharField(max_length=6, choices=Notification.Mail.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="notification_preference_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.mail}"
