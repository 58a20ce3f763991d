"""Imports with their staged rows, and remembered mappings."""

from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from revops.core.models import BaseModel, JobRun, Stamped
from revops.core.scope import ScopedQuerySet, within_reach


class ImportRunQuerySet(ScopedQuerySet["ImportRun"]):
    def visible_to(self, user: Any) -> "ImportRunQuerySet":
        """Whose import it is, by reach."""
        return self.filter(within_reach(user, "created_by"))


class ImportRun(BaseModel):
    """One file on its way in: uploaded, mapped, checked (a dry run), committed as a job, and perhaps undone."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Columns")
        MAPPED = "mapped", _("To be checked")
        CHECKED = "checked", _("Checked")
        COMMITTING = "committing", _("Importing")
        DONE = "done", _("Done")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")
        CANCELLED = "cancelled", _("Cancelled")

    TRANSITIONS = {
        State.UPLOADED: frozenset({State.MAPPED}),
        State.MAPPED: frozenset({State.MAPPED, State.CHECKED}),
        State.CHECKED: frozenset({State.MAPPED, State.CHECKED, State.COMMITTING}),
        State.COMMITTING: frozenset({State.DONE, State.CANCELLED, State.UNDOING}),
        State.DONE: frozenset({State.UNDOING}),
        State.UNDOING: frozenset({State.UNDONE, State.CANCELLED}),
        State.UNDONE: frozenset(),
        State.CANCELLED: frozenset(),
    }

    kind = models.CharField(max_length=40)
    state = models.CharField(max_length=12, choices=State.choices, default=State.UPLOADED)
    system = models.CharField(max_length=40, default="file")
    file = models.FileField(upload_to="imports/%Y/%m/", max_length=200)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    encoding = models.CharField(max_length=20)
    delimiter = models.CharField(max_length=1)
    sheets = models.JSONField(default=list, help_text="The sheets of a workbook.")
    sheet = models.CharField(max_length=120, blank=True, default="")
    date_order = models.CharField(max_length=3, blank=True, default="")
    decimal_sign = models.CharField(max_length=1, blank=True, default="")
    columns = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    signature = models.CharField(max_length=64)
    allow_duplicates = models.BooleanField(default=False)
    row_count = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    remarks = models.JSONField(default=list)
    job = models.ForeignKey(JobRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="imports")
    committed_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["created_by", "-id"], name="import_by_person")]
        permissions = [
            ("import_leads", "Can import leads"),
            ("import_records", "Can import every kind of record"),
        ]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("import-detail", args=[self.pk])

    @property
    def being_checked(self) -> bool:
        """A dry run is under way."""
        running = (JobRun.State.QUEUED, JobRun.State.RUNNING)
        return self.state == self.State.MAPPED and self.job is not None and self.job.state in running

    @property
    def stuck(self) -> bool:
        """Its job gave up half way: what it wrote can be undone."""
        return self.state == self.State.COMMITTING and self.job is not None and self.job.state == JobRun.State.FAILED


class ImportRow(models.Model):
    """A row as it came, what the plan says of it, and what is needed to take it back."""

    class Verdict(models.TextChoices):
        CREATE = "create", _("Created")
        UPDATE = "update", _("Updated")
        SAME = "same", _("Unchanged")
        SKIP = "skip", _("Left out")
        ERROR = "error", _("Refused")

    # The indexes below begin with it: one more would only cost, a hundred thousand times a file.
    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField()
    raw = models.JSONField()
    problem = models.CharField(max_length=200, blank=True, default="")
    skipped = models.BooleanField(default=False, help_text="Left out by hand.")
    verdict = models.CharField(max_length=6, choices=Verdict.choices, blank=True, default="")
    label = models.CharField(max_length=200, blank=True, default="")
    sub = models.CharField(max_length=200, blank=True, default="")
    errors = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    changes = models.JSONField(default=list)
    values = models.JSONField(default=dict)
    record_id = models.BigIntegerField(null=True, blank=True)
    before = models.JSONField(default=dict)
    written_version = models.PositiveIntegerField(null=True, blank=True)
    marks = models.JSONField(default=list, help_text="Rows of a file that share one stand for the same record.")
    called = models.CharField(max_length=200, blank=True, default="", help_text="How other rows refer to this one.")
    above = models.PositiveIntegerField(null=True, blank=True, help_text="The row under which this one hangs.")
    outcome = models.CharField(max_length=8, blank=True, default="")
    kept = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["run", "number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="import_row_once")]
        indexes = [
            models.Index(fields=["run", "verdict", "number"], name="import_row_by_verdict"),
            models.Index(fields=["run", "outcome", "number"], name="import_row_by_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}:{self.number}"


class HeaderMapping(Stamped):
    """How the columns of a file with this head were mapped last time."""

    kind = models.CharField(max_length=40)
    signature = models.CharField(max_length=64)
    mapping = models.JSONField()
    system = models.CharField(max_length=40, default="file")
    date_order = models.CharField(max_length=3, blank=True, default="")
    decimal_sign = models.CharField(max_length=1, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "signature"], name="header_mapping_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.signature[:8]}"
