"""What lists and the API may ask of leads and handoffs."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _

from accounts.filters import Archived, MineFilter, colleagues, seen_accounts, start_of_tomorrow
from accounts.keys import email_key
from leads.models import (
    Campaign,
    DataQualityIssue,
    DataSource,
    EnrichmentRun,
    Handoff,
    Lead,
    LeadEngagement,
    LeadQueue,
    ResearchPartner,
    ScoringModel,
    TargetMarket,
)
from leads.selectors.answers import to_answer
from leads.selectors.campaigns import first_touches
from leads.selectors.markets import in_market
from leads.selectors.quality import RULES
from revops.core import clock
from revops.core.api.filters import AllOf, NumbersIn, StrictFilterSet
from revops.core.search import holds
from revops.core.widgets import ChosenOnly

ANSWER = (("due", _("due")), ("late", _("past its limit")))
NEXT = (("late", _("overdue")), ("today", _("today")), ("later", _("later")), ("none", _("nothing planned")))


def queues(request: Any) -> QuerySet[LeadQueue]:
    return LeadQueue.objects.all() if request and request.user.is_authenticated else LeadQueue.objects.none()


def seen_markets(request: Any) -> QuerySet[TargetMarket]:
    return TargetMarket.objects.visible_to(request.user) if request else TargetMarket.objects.none()


def seen_campaigns(request: Any) -> QuerySet[Campaign]:
    return Campaign.objects.visible_to(request.user) if request else Campaign.objects.none()


class LeadFilter(StrictFilterSet):
    """Names and values that the lead list and the API accept."""

    q = filters.CharFilter(method="search", label=_("Search"))
    mine = MineFilter(label=_("Mine"))
    open = filters.BooleanFilter(method="only_open", label=_("Open"))
    status = filters.ChoiceFilter(choices=Lead.Status.choices, label=_("State"))
    status__in = AllOf(field_name="status", lookup_expr="in", widget=HiddenInput, label=_("States"))
    owner = filters.ModelChoiceFilter(queryset=colleagues, label=_("Owner"))
    owner__in = NumbersIn(field_name="owner_id", lookup_expr="in", widget=HiddenInput, label=_("Owners"))
    queue = filters.ModelChoiceFilter(queryset=queues, label=_("Queue"))
    source = filters.CharFilter(lookup_expr="iexact", label=_("Source"))
    industry = filters.CharFilter(lookup_expr="iexact", label=_("Industry"))
    country = filters.CharFilter(lookup_expr="iexact", label=_("Country"))
    region = filters.CharFilter(lookup_expr="iexact", label=_("Region"))
    market = filters.ModelChoiceFilter(
        queryset=seen_markets, method="fits_market", widget=HiddenInput, label=_("Fits the market")
    )
    campaign = filters.ModelChoiceFilter(
        queryset=seen_campaigns, method="brought_by", widget=HiddenInput, label=_("Brought by the campaign")
    )
    qualified = filters.BooleanFilter(method="ever_qualified", widget=HiddenInput, label=_("Was qualified"))
    company = filters.CharFilter(lookup_expr="icontains", label=_("Company"))
    email = filters.CharFilter(method="by_email", widget=HiddenInput, label=_("E-mail"))
    score__gte = filters.NumberFilter(field_name="score", lookup_expr="gte", label=_("Score from"))
    score__lte = filters.NumberFilter(field_name="score", lookup_expr="lte", label=_("Score to"))
    fit__gte = filters.NumberFilter(field_name="fit_score", lookup_expr="gte", label=_("Fit from"))
    grade = filters.ChoiceFilter(field_name="engagement__grade", choices=LeadEngagement.Grade.choices, label=_("Grade"))
    engagement__gte = filters.NumberFilter(
        field_name="engagement__score", lookup_expr="gte", label=_("Engagement from")
    )
    propensity__gte = filters.NumberFilter(
        field_name="propensity__score", lookup_expr="gte", label=_("Likely to convert, % from")
    )
    propensity__lte = filters.NumberFilter(
        field_name="propensity__score", lookup_expr="lte", label=_("Likely to convert, % to")
    )
    next = filters.ChoiceFilter(choices=NEXT, method="next_action", label=_("Next action"))
    answer = filters.ChoiceFilter(choices=ANSWER, method="first_answer", label=_("First answer"))
    created_at__gte = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte", label=_("Created from"))
    created_at__lte = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lte", label=_("Created until"))
    account = filters.ModelChoiceFilter(queryset=seen_accounts, widget=ChosenOnly, label=_("Account"))
    external_system = filters.CharFilter(widget=HiddenInput, label=_("System"))
    external_id = filters.CharFilter(widget=HiddenInput, label=_("External id"))
    archived = Archived(label=_("Archived"))

    def search(self, rows: QuerySet[Lead], _name: str, text: str) -> QuerySet[Lead]:
        return rows.filter(holds(text))

    def only_open(self, rows: QuerySet[Lead], _name: str, wanted: bool) -> QuerySet[Lead]:
        return rows.filter(status__in=Lead.OPEN) if wanted else rows.exclude(status__in=Lead.OPEN)

    def by_email(self, rows: QuerySet[Lead], _name: str, text: str) -> QuerySet[Lead]:
        return rows.filter(email_key=email_key(text) or "\x01")

    def fits_market(self, rows: QuerySet[Lead], _name: str, market: TargetMarket) -> QuerySet[Lead]:
        return in_market(rows, market.pk)

    def brought_by(self, rows: QuerySet[Lead], _name: str, campaign: Campaign) -> QuerySet[Lead]:
        return rows.filter(pk__in=first_touches(campaign).values("lead"))

    def ever_qualified(self, rows: QuerySet[Lead], _name: str, wanted: bool) -> QuerySet[Lead]:
        return rows.filter(qualified_at__isnull=not wanted)

    def first_answer(self, rows: QuerySet[Lead], _name: str, when: str) -> QuerySet[Lead]:
        return to_answer(rows, late=when == "late")

    def next_action(self, rows: QuerySet[Lead], _name: str, when: str) -> QuerySet[Lead]:
        rows = rows.filter(status__in=Lead.OPEN)
        now, tomorrow = clock.now(), start_of_tomorrow()
        if when == "none":
            return rows.filter(next_due_at__isnull=True)
        if when == "late":
            return rows.filter(next_due_at__lt=now)
        if when == "today":
            return rows.filter(next_due_at__gte=now, next_due_at__lt=tomorrow)
        return rows.filter(next_due_at__gte=tomorrow)


class HandoffFilter(StrictFilterSet):
    """Names and values that the handoff API accepts."""

    status = filters.ChoiceFilter(choices=Handoff.Status.choices, label=_("State"))
    to_user = filters.ModelChoiceFilter(queryset=colleagues, label=_("To"))
    from_user = filters.ModelChoiceFilter(queryset=colleagues, label=_("From"))
    lead = filters.NumberFilter(field_name="lead_id", label=_("Lead"))


class MarketFilter(StrictFilterSet):
    """Names and values that the list of markets and its API accept."""

    name = filters.CharFilter(lookup_expr="icontains", label=_("Name"))
    status = filters.ChoiceFilter(choices=TargetMarket.Status.choices, label=_("State"))
    product = filters.NumberFilter(field_name="product_id", widget=HiddenInput, label=_("Product"))


class EnrichmentRunFilter(StrictFilterSet):
    """Names and values that the API of runs accepts."""

    lead = filters.NumberFilter(field_name="lead_id", label=_("Lead"))
    status = filters.ChoiceFilter(choices=EnrichmentRun.Status.choices, label=_("State"))


class ScoringModelFilter(StrictFilterSet):
    """Names and values that the API of learned models accepts."""

    status = filters.ChoiceFilter(choices=ScoringModel.Status.choices, label=_("State"))
    algorithm = filters.ChoiceFilter(choices=ScoringModel.Algorithm.choices, label=_("Algorithm"))


class ResearchFilter(StrictFilterSet):
    """Names and values that the API of research accepts."""

    lead = filters.NumberFilter(field_name="lead_id", label=_("Lead"))
    account = filters.NumberFilter(field_name="account_id", label=_("Account"))
    owner = filters.NumberFilter(field_name="owner_id", label=_("Owner"))
    due_on__lte = filters.DateFilter(field_name="due_on", lookup_expr="lte", label=_("Due until"))


class ResearchPartnerFilter(StrictFilterSet):
    """Names and values that the list of research partners and its API accept."""

    name = filters.CharFilter(lookup_expr="icontains", label=_("Name"))
    kind = filters.ChoiceFilter(choices=ResearchPartner.Kind.choices, label=_("Kind"))
    is_active = filters.BooleanFilter(label=_("Active"))


class CompetitorFilter(StrictFilterSet):
    """Names and values that the list of competitors and its API accept."""

    name = filters.CharFilter(lookup_expr="icontains", label=_("Name"))
    is_active = filters.BooleanFilter(label=_("Active"))


class DataSourceFilter(StrictFilterSet):
    """Names and values that the list of sources and its API accept."""

    name = filters.CharFilter(lookup_expr="icontains", label=_("Name"))
    kind = filters.ChoiceFilter(choices=DataSource.Kind.choices, label=_("Kind"))


class MarketFactFilter(StrictFilterSet):
    """Names and values that the list of market facts and its API accept."""

    metric = filters.CharFilter(lookup_expr="iexact", label=_("Figure"))
    geography = filters.CharFilter(lookup_expr="iexact", label=_("Where"))
    competitor = filters.NumberFilter(field_name="competitor_id", widget=HiddenInput, label=_("Competitor"))
    source = filters.NumberFilter(field_name="source_id", widget=HiddenInput, label=_("Source"))
    as_of__gte = filters.DateFilter(field_name="as_of", lookup_expr="gte", label=_("As of, from"))
    as_of__lte = filters.DateFilter(field_name="as_of", lookup_expr="lte", label=_("As of, until"))


class QualityFilter(StrictFilterSet):
    """Names and values that the queue of data quality and its API accept."""

    rule = filters.ChoiceFilter(choices=[(rule.key, rule.label) for rule in RULES], label=_("What is wrong"))
    severity = filters.ChoiceFilter(choices=DataQualityIssue.Severity.choices, label=_("Severity"))
    kind = filters.ChoiceFilter(
        choices=(("lead", _("Lead")), ("account", _("Account")), ("contact", _("Contact"))),
        method="of_kind",
        label=_("Record"),
    )

    def of_kind(self, rows: QuerySet[DataQualityIssue], _name: str, kind: str) -> QuerySet[DataQualityIssue]:
        return rows.filter(**{f"{kind}__isnull": False})


class SettingFilter(StrictFilterSet):
    """Settings are few: nothing to filter by."""
