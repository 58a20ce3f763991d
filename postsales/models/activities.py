"""Activities on this room's records."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ActivityLink
from postsales.models.cases import SupportCase


class CaseActivity(ActivityLink):
    """An activity on a case's timeline."""

    record = models.ForeignKey(SupportCase, on_delete=models.CASCADE, related_name="activity_links")

    class Meta:
        verbose_name_plural = _("case activities")
