"""Bases of every model: time stamps, and the version that people's changes raise."""

from typing import Any

from django.db import models

from revops.core import clock


class Stamped(models.Model):
    """When a row was made and last touched."""

    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True


class BaseModel(Stamped):
    """An editable record with an optimistic lock: `version` counts people's changes (form field, ETag)."""

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True


class ExternalRef(models.Model):
    """The record's id in another system, unique per system: what imports and upserts find it by."""

    external_system = models.CharField(max_length=40, blank=True, default="", editable=False)
    external_id = models.CharField(max_length=120, blank=True, default="", editable=False)

    class Meta:
        abstract = True


def unique_external_ref(name: str, *, archivable: bool = False) -> models.UniqueConstraint:
    """The constraint that goes with ExternalRef; `name` is the constraint's name. What is archived does not count."""
    kept = models.Q(archived_at__isnull=True) if archivable else models.Q()
    return models.UniqueConstraint(
        fields=["external_system", "external_id"], condition=~models.Q(external_id="") & kept, name=name
    )


def money_field(**kwargs: Any) -> models.DecimalField[Any, Any]:
    """Posted money: 19 digits, 3 of them after the point so that three-digit currencies fit."""
    return models.DecimalField(max_digits=19, decimal_places=3, **kwargs)


def price_field(**kwargs: Any) -> models.DecimalField[Any, Any]:
    """Unit prices, costs and MRR: six digits after the point."""
    return models.DecimalField(max_digits=19, decimal_places=6, **kwargs)


def percent_field(**kwargs: Any) -> models.DecimalField[Any, Any]:
    """Per cent or rate: Decimal(9, 6); 60 % is 60."""
    return models.DecimalField(max_digits=9, decimal_places=6, **kwargs)


def currency_field(**kwargs: Any) -> models.CharField[Any, Any]:
    """An ISO 4217 code."""
    kwargs.setdefault("default", "USD")
    return models.CharField(max_length=3, **kwargs)
