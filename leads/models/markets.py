"""Target markets: whom we want to sell to, edition by edition, and how well a lead fits."""

from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from leads.models.lead import Lead
from revops.catalog.models import Product
from revops.core.models import BaseModel, Stamped, currency_field, money_field
from revops.core.money import Money
from revops.core.scope import NOBODY, ScopedQuerySet


def words(longest: int, label: Any, **kwargs: Any) -> Any:
    """A list of words; empty stands for any."""
    return ArrayField(
        models.CharField(max_length=longest), default=list, blank=True, size=200, verbose_name=label, **kwargs
    )


class TargetMarketQuerySet(ScopedQuerySet["TargetMarket"]):
    def visible_to(self, user: Any) -> Self:
        """The same for everybody who works with leads."""
        return self.all() if user.has_perm("leads.view_targetmarket") else self.filter(NOBODY)

    def active(self) -> Self:
        return self.filter(status=TargetMarket.Status.ACTIVE)


class TargetMarket(BaseModel):
    """One edition of a market: criteria, exclusions and its size. From activation on its criteria stand as they are."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        RETIRED = "retired", _("Retired")

    TRANSITIONS = {
        Status.DRAFT: frozenset({Status.ACTIVE}),
        Status.ACTIVE: frozenset({Status.RETIRED}),
        Status.RETIRED: frozenset(),
    }

    name = models.CharField(max_length=120)
    number = models.PositiveIntegerField(default=1, editable=False)
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.DRAFT, editable=False)
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="target_markets")
    description = models.CharField(max_length=400, blank=True, default="")
    industries = words(80, _("Industries"))
    regions = words(80, _("Regions"), help_text=_("Region or territory, state or country."))
    employees_min = models.PositiveIntegerField(null=True, blank=True)
    employees_max = models.PositiveIntegerField(null=True, blank=True)
    revenue_min = money_field(null=True, blank=True)
    revenue_max = money_field(null=True, blank=True)
    currency = currency_field()
    technologies = words(80, _("Technologies"))
    triggers = words(80, _("Triggers"))
    excluded_industries = words(80, _("Excluded industries"))
    excluded_regions = words(80, _("Excluded regions"))
    excluded_domains = words(120, _("Excluded web domains"))
    tam_accounts = models.PositiveIntegerField(null=True, blank=True)
    tam_value = money_field(null=True, blank=True)
    sam = money_field(null=True, blank=True)
    som = money_field(null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects = TargetMarketQuerySet.as_manager()

    class Meta:
        ordering = ["name", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["name", "number"], name="target_market_number_once"),
            models.UniqueConstraint(fields=["name"], condition=Q(status="active"), name="target_market_one_active"),
            models.UniqueConstraint(fields=["name"], condition=Q(status="draft"), name="target_market_one_draft"),
            models.CheckConstraint(
                condition=Q(employees_max__gte=F("employees_min")) | Q(employees_min=None) | Q(employees_max=None),
                name="target_market_employees_in_order",
            ),
            models.CheckConstraint(
                condition=Q(revenue_max__gte=F("revenue_min")) | Q(revenue_min=None) | Q(revenue_max=None),
                name="target_market_revenue_in_order",
            ),
            models.CheckConstraint(
                condition=(Q(revenue_min__gte=0) | Q(revenue_min=None)) & (Q(tam_value__gte=0) | Q(tam_value=None)),
                name="target_market_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=(Q(som__lte=F("sam")) | Q(som=None) | Q(sam=None))
                & (Q(sam__lte=F("tam_value")) | Q(sam=None) | Q(tam_value=None)),
                name="target_market_som_within_sam_within_tam",
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(activated_at__isnull=False), name="target_market_active_has_date"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="active_target_market_is_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=~pgtrigger.Q(old__status="draft"),
                func="""
                    IF TG_OP = 'UPDATE' AND NEW.status <> 'draft'
                        AND (NEW.name, NEW.number, NEW.product_id, NEW.industries, NEW.regions, NEW.employees_min,
                             NEW.employees_max, NEW.revenue_min, NEW.revenue_max, NEW.currency, NEW.technologies,
                             NEW.triggers, NEW.excluded_industries, NEW.excluded_regions, NEW.excluded_domains)
                        IS NOT DISTINCT FROM
                            (OLD.name, OLD.number, OLD.product_id, OLD.industries, OLD.regions, OLD.employees_min,
                             OLD.employees_max, OLD.revenue_min, OLD.revenue_max, OLD.currency, OLD.technologies,
                             OLD.triggers, OLD.excluded_industries, OLD.excluded_regions, OLD.excluded_domains)
                    THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'target market % is active: its criteria stand, make a new version', OLD.id
                        USING ERRCODE = 'check_violation';
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("target-market", args=[self.pk])

    def money(self, name: str) -> Money | None:
        """One of its amounts."""
        amount = getattr(self, name)
        return None if amount is None else Money(amount, self.currency)


class Signal(Stamped):
    """What is known about a company beside its facts: a technology that it uses, or something that makes it buy."""

    class Kind(models.TextChoices):
        TECHNOLOGY = "technology", _("Technology")
        TRIGGER = "trigger", _("Trigger")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.CharField(max_length=80)
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.CASCADE, related_name="signals")
    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.CASCADE, related_name="signals")
    source = models.CharField(max_length=200)
    seen_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "account", "kind", "value"], nulls_distinct=False, name="signal_once"
            ),
            models.CheckConstraint(
                condition=Q(lead__isnull=False, account__isnull=True) | Q(lead__isnull=True, account__isnull=False),
                name="signal_of_a_lead_or_an_account",
            ),
            models.CheckConstraint(condition=~Q(source="") & ~Q(value=""), name="signal_has_value_and_source"),
        ]

    def __str__(self) -> str:
        return self.value


class FitResult(models.Model):
    """How well a lead fits one edition of a market: 0 to 100, with what matched and what did not, by criterion."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="market_fits")
    market = models.ForeignKey(TargetMarket, on_delete=models.CASCADE, related_name="fits")
    fit = models.PositiveSmallIntegerField()
    matched = models.JSONField(default=list)
    failed = models.JSONField(default=list)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead", "market"], name="fit_result_once"),
            models.CheckConstraint(condition=Q(fit__range=(0, 100)), name="fit_result_0_to_100"),
        ]
        indexes = [models.Index(fields=["market", "-fit", "lead"], name="fit_result_by_market")]

    def __str__(self) -> str:
        return f"{self.fit}"
