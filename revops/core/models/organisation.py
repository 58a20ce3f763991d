"""The organisation itself: legal entities, exchange rates, number series."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.core.models.base import BaseModel, Stamped, currency_field


class Organisation(BaseModel):
    """The company that runs this installation, in one row: base currency, fiscal calendar, policies with a number."""

    name = models.CharField(max_length=120)
    base_currency = currency_field()
    fiscal_year_starts_in = models.PositiveSmallIntegerField(default=1)
    lead_fallback_days = models.PositiveSmallIntegerField(default=90)
    handoff_sla_hours = models.PositiveSmallIntegerField(default=4)
    tax_percent = models.DecimalField(max_digits=9, decimal_places=6, default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(fiscal_year_starts_in__range=(1, 12)),
                name="organisation_fiscal_month_1_to_12",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LegalEntity(BaseModel):
    """Who issues invoices; numbers are gapless per entity and year."""

    name = models.CharField(max_length=120, unique=True)
    code = models.CharField(max_length=8, unique=True)
    country = models.CharField(max_length=2, blank=True, default="")
    currency = currency_field()
    address = models.TextField(blank=True, default="")
    vat_number = models.CharField(max_length=20, blank=True, default="")
    is_default = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = _("legal entities")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="legal_entity_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ExchangeRate(Stamped):
    """One unit of `source` is `rate` units of `target` from `on` until a later row."""

    source = models.CharField(max_length=3)
    target = models.CharField(max_length=3)
    on = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=10)
    provider = models.CharField(max_length=60, default="manual")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "target", "on"], name="exchange_rate_one_a_day"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="exchange_rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.source}/{self.target} {self.rate} on {self.on}"


class NumberSeries(models.Model):
    """The last number given out, per entity, kind and year; taken inside the issuing transaction."""

    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="number_series")
    kind = models.CharField(max_length=20)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = _("number series")
        constraints = [models.UniqueConstraint(fields=["entity", "kind", "year"], name="number_series_one")]

    def __str__(self) -> str:
        return f"{self.kind} {self.year}: {self.last}"
