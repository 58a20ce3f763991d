"""What the clock and the workers did last, one row a task."""

from django.db import models
from django.db.models import Q


class TaskRun(models.Model):
    """A Celery task's last run and its sums. `sent_at` is the beat's: whoever holds the row's lock may ring it."""

    class Outcome(models.TextChoices):
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        RETRIED = "retried"

    task = models.CharField(max_length=120, unique=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, default="")
    milliseconds = models.PositiveBigIntegerField(default=0)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, default="")
    succeeded = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    retried = models.PositiveBigIntegerField(default=0)
    milliseconds_total = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="") | Q(ended_at__isnull=False), name="task_run_with_outcome_has_end"
            ),
        ]

    def __str__(self) -> str:
        return self.task
