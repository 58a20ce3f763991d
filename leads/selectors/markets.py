"""Who belongs to a market: one definition in SQL, for a preview over all accounts and for the fit of one lead.

A criterion that is left empty asks nothing. Bounds count as inside. What is not known does not match.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from leads.models import FitResult, Lead, Signal, TargetMarket
from revops.core import clock
from revops.core.organisation import convert, organisation
from revops.core.rates import base_amount
from revops.core.templatetags.frame import money_text, shown

# Where each kind of record keeps what a criterion asks.
PLACES: dict[type[Any], dict[str, Any]] = {
    Account: {
        "regions": ("territory__name", "state", "country"),
        "revenue": ("annual_revenue", "currency"),
        "signals": lambda: {"account": OuterRef("pk")},
    },
    Lead: {
        "regions": ("region", "country", "account__territory__name"),
        "revenue": ("financials__revenue", "financials__currency"),
        "signals": lambda: {"lead": OuterRef("pk")},
    },
}
LABELS = {
    "industries": gettext_lazy("Industry"),
    "regions": gettext_lazy("Region"),
    "employees": gettext_lazy("Employees"),
    "revenue": gettext_lazy("Revenue"),
    "technologies": gettext_lazy("Technology"),
    "triggers": gettext_lazy("Trigger"),
    "excluded": gettext_lazy("Excluded"),
}
FULL = 100
SAMPLE = 8


@dataclass(frozen=True)
class Fit:
    """0 to 100 by the share of criteria that match; an exclusion makes it 0."""

    fit: int
    matched: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Preview:
    """What a market would hold: accounts as the viewer sees them, and their leads."""

    accounts: QuerySet[Account]
    leads: QuerySet[Lead]

    def sample(self) -> list[Account]:
        return list(self.accounts.select_related("owner", "territory").order_by("name", "pk")[:SAMPLE])


def market_list(*, viewer: Any) -> QuerySet[TargetMarket]:
    """Editions of all markets, newest first."""
    return TargetMarket.objects.visible_to(viewer).select_related("product", "activated_by")


def _among(paths: Iterable[str], names: Iterable[str]) -> Q:
    """Any of the fields says any of the names, in whatever case."""
    found = Q()
    for path in paths:
        for name in names:
            found |= Q(**{f"{path}__iexact": name})
    return found


def _between(path: str, least: Any, most: Any) -> Q:
    inside = Q(**{f"{path}__isnull": False})
    if least is not None:
        inside &= Q(**{f"{path}__gte": least})
    if most is not None:
        inside &= Q(**{f"{path}__lte": most})
    return inside


def _in_base(market: TargetMarket, name: str) -> Decimal | None:
    found = market.money(name)
    return None if found is None else convert(found, organisation().base_currency, clock.today()).money.amount


def _signals(model: type[Any], kind: str, names: Iterable[str]) -> Exists:
    rows = Signal.objects.filter(_among(["value"], names), kind=kind, **PLACES[model]["signals"]())
    return Exists(rows)


def criteria_of(market: TargetMarket, model: type[Any]) -> dict[str, Any]:
    """Criterion -> condition over the rows of `measurable()`, for those criteria that the market names."""
    found: dict[str, Any] = {}
    if market.industries:
        found["industries"] = _among(["industry"], market.industries)
    if market.regions:
        found["regions"] = _among(PLACES[model]["regions"], market.regions)
    if market.employees_min is not None or market.employees_max is not None:
        found["employees"] = _between("employees", market.employees_min, market.employees_max)
    if market.revenue_min is not None or market.revenue_max is not None:
        bounds = (_in_base(market, "revenue_min"), _in_base(market, "revenue_max"))
        found["revenue"] = _between("base_revenue", *bounds)
    if market.technologies:
        found["technologies"] = _signals(model, Signal.Kind.TECHNOLOGY, market.technologies)
    if market.triggers:
        found["triggers"] = _signals(model, Signal.Kind.TRIGGER, market.triggers)
    return found


def exclusions_of(market: TargetMarket, model: type[Any]) -> Q | None:
    """Who is never in it."""
    found = _among(["industry"], market.excluded_industries)
    found |= _among(PLACES[model]["regions"], market.excluded_regions)
    found |= _among(["domain"], market.excluded_domains)
    return found or None


def measurable(rows: QuerySet[Any], market: TargetMarket) -> QuerySet[Any]:
    """With the revenue in the base currency, where the market asks for it."""
    if market.revenue_min is None and market.revenue_max is None:
        return rows
    amount, currency = PLACES[rows.model]["revenue"]
    return rows.annotate(base_revenue=base_amount(amount, currency, clock.today()))


def matching(rows: QuerySet[Any], market: TargetMarket) -> QuerySet[Any]:
    """The rows that match every criterion and no exclusion."""
    rows = measurable(rows, market)
    for condition in criteria_of(market, rows.model).values():
        rows = rows.filter(condition)
    excluded = exclusions_of(market, rows.model)
    return rows if excluded is None else rows.exclude(_certain(excluded))


def _certain(condition: Q) -> Case:
    """A condition that is true or false, never unknown: NOT over a NULL would lose rows."""
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def preview(*, market: TargetMarket, viewer: Any) -> Preview:
    """Accounts and open leads of the viewer that a market, saved or not, would hold."""
    accounts = Account.objects.visible_to(viewer).active()
    leads = Lead.objects.visible_to(viewer).open().filter(archived_at__isnull=True)
    return Preview(matching(accounts, market), matching(leads, market))


def fits_in(rows: QuerySet[Any], market: TargetMarket) -> list[tuple[Any, Fit]]:
    """Each row with its fit and the reasons: one statement for all of them."""
    criteria = criteria_of(market, rows.model)
    excluded = exclusions_of(market, rows.model)
    flags: dict[str, Any] = {f"is_{key}": _certain(Q(condition)) for key, condition in criteria.items()}
    if excluded is not None:
        flags["is_excluded"] = _certain(excluded)
    return [(row, _fit(row, list(criteria))) for row in measurable(rows, market).annotate(**flags)]


def _fit(row: Any, criteria: Sequence[str]) -> Fit:
    matched = [key for key in criteria if getattr(row, f"is_{key}")]
    failed = [key for key in criteria if key not in matched]
    if getattr(row, "is_excluded", False):
        return Fit(0, matched, ["excluded", *failed])
    # Halves go up; every criterion weighs the same.
    return Fit((2 * FULL * len(matched) + len(criteria)) // (2 * len(criteria)) if criteria else 0, matched, failed)


def active_fits(lead: Lead, *, viewer: Any) -> list[FitResult]:
    """The lead's stored fit in each active market, best first."""
    rows = FitResult.objects.filter(
        lead=lead, market__in=TargetMarket.objects.visible_to(viewer).active()
    ).select_related("market")
    return list(rows.order_by("-fit", "market__name"))


def stale_leads(market: TargetMarket) -> QuerySet[Lead]:
    """Open leads that have no fit in it yet, or changed since it was computed."""
    current = FitResult.objects.filter(lead=OuterRef("pk"), market=market, computed_at__gte=OuterRef("updated_at"))
    return Lead.objects.open().filter(~Exists(current), archived_at__isnull=True)


def in_market(rows: QuerySet[Lead], market_id: int) -> QuerySet[Lead]:
    """The leads whose stored fit in this edition is full."""
    return rows.filter(Exists(FitResult.objects.filter(lead=OuterRef("pk"), market=market_id, fit=FULL)))


def asked_of(market: TargetMarket) -> dict[str, str]:
    """The criteria in words, by key."""
    money = {name: money_text(market.money(name), "whole") for name in ("revenue_min", "revenue_max")}
    found = {
        "industries": ", ".join(market.industries),
        "regions": ", ".join(market.regions),
        "employees": _span(shown_or(market.employees_min), shown_or(market.employees_max)),
        "revenue": _span(
            money["revenue_min"] if market.revenue_min is not None else "",
            money["revenue_max"] if market.revenue_max is not None else "",
        ),
        "technologies": ", ".join(market.technologies),
        "triggers": ", ".join(market.triggers),
        "excluded": ", ".join([*market.excluded_industries, *market.excluded_regions, *market.excluded_domains]),
    }
    return {key: text for key, text in found.items() if text}


def shown_or(value: Any) -> str:
    return "" if value is None else shown(value)


def _span(least: str, most: str) -> str:
    if least and most:
        return _("%(least)s to %(most)s") % {"least": least, "most": most}
    return _("from %(least)s") % {"least": least} if least else _("up to %(most)s") % {"most": most} if most else ""


def reasons(market: TargetMarket, keys: Iterable[str]) -> list[str]:
    """Criteria as sentences: what they are and what the market asks."""
    asked = asked_of(market)
    return [f"{LABELS[key]}: {asked.get(key, '')}".rstrip(": ") for key in keys if key in LABELS]
