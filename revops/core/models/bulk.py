"""What a bulk action did to each row."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.core.models.records import JobRun


class BulkRow(models.Model):
    """One record of a bulk job: staged when the person said go, then what became of it, in the same transaction.

    `before` holds the old values of what changed; `version` is the record's after the change, so that undo leaves
    alone what somebody has changed since.
    """

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        CHANGED = "changed", _("Changed")
        SAME = "same", _("Unchanged")
        REFUSED = "refused", _("Refused")
        SKIPPED = "skipped", _("Left out")
        UNDONE = "undone", _("Taken back")
        KEPT = "kept", _("Left alone")

    job = models.ForeignKey(JobRun, on_delete=models.CASCADE, related_name="bulk_rows")
    object_id = models.BigIntegerField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.WAITING)
    label = models.CharField(max_length=200, blank=True, default="")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    version = models.PositiveIntegerField(null=True)
    reason = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "object_id"], name="bulk_row_once")]
        indexes = [models.Index(fields=["job", "outcome", "id"], name="bulk_row_by_outcome")]

    def __str__(self) -> str:
        return f"{self.job_id}:{self.object_id} {self.outcome}"
