"""Custom fields: their definitions, and the column in which a record keeps the values."""

from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _

from revops.core.models.base import BaseModel


class CustomData(models.Model):
    """A record that can have custom fields: {key: value}, written through `revops.core.custom.clean` only.

    The database fills an empty object in, so that set-based writers need not name the column.
    """

    custom = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True, editable=False)

    class Meta:
        abstract = True


class CustomField(BaseModel):
    """One field that a company added to a kind of record. It is retired, never deleted, once values exist."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        LONG_TEXT = "long_text", _("Long text")
        INTEGER = "integer", _("Whole number")
        DECIMAL = "decimal", _("Decimal number")
        MONEY = "money", _("Money")
        PERCENT = "percent", _("Per cent")
        FLAG = "flag", _("Yes or no")
        DATE = "date", _("Date")
        DATETIME = "datetime", _("Date and time")
        CHOICE = "choice", _("One choice")
        CHOICES = "choices", _("Several choices")
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Phone")
        URL = "url", _("Web address")
        PERSON = "person", _("Person")
        VAT = "vat", _("VAT number")
        IBAN = "iban", _("IBAN")

    class IndexState(models.TextChoices):
        NONE = "none", _("None")
        WANTED = "wanted", _("Being built")
        BUILT = "built", _("Built")
        FAILED = "failed", _("Failed")

    model = models.CharField(max_length=60)
    key = models.CharField(max_length=40)
    label = models.CharField(max_length=80)
    help_text = models.CharField(max_length=200, blank=True, default="")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    choices = models.JSONField(default=list, blank=True)
    required_at = models.JSONField(default=list, blank=True)
    default = models.JSONField(null=True, blank=True)
    group = models.CharField(max_length=60, blank=True, default="")
    position = models.PositiveIntegerField(default=100)
    in_list = models.BooleanField(default=False)
    carried_to = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True)
    is_indexed = models.BooleanField(default=True)
    index_state = models.CharField(max_length=6, choices=IndexState.choices, default=IndexState.NONE, editable=False)
    index_error = models.CharField(max_length=400, blank=True, default="", editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "key"], name="custom_field_key_unique"),
            models.CheckConstraint(
                condition=Q(key__regex=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"), name="custom_field_key_plain"
            ),
        ]
        permissions = [("manage_custom_fields", "Can add, change and retire custom fields")]

    def __str__(self) -> str:
        return self.label
