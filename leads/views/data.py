"""Data: the queue of what is wrong with records, and what we know of competitors and markets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST
from django_stubs_ext import StrOrPromise

from accounts.forms import refused
from accounts.views.records import shown_version
from leads import services
from leads.filters import CompetitorFilter, DataSourceFilter, MarketFactFilter, QualityFilter
from leads.market_forms import CompetitorForm, DataSourceForm, MarketFactForm
from leads.models import Competitor, DataQualityIssue, DataSource, MarketFact
from leads.selectors.data import competitor_list, fact_list, source_list
from leads.selectors.quality import BY_KEY, RULES, counts, issue_list
from leads.views.pages import LeadsPart, Trail, form_page, trail
from revops.core.errors import InvalidInput, NotAllowed
from revops.core.scope import require
from revops.core.templatetags.frame import shown
from revops.core.views.lists import Chip, Column, Empty, Figure

TONES = {"high": "bad", "medium": "warn", "low": ""}
FIX = {"lead": "lead-edit", "account": "account-edit", "contact": "contact-edit"}
KIND_NAMES = {"lead": gettext_lazy("Lead"), "account": gettext_lazy("Account"), "contact": gettext_lazy("Contact")}


def _crumbs(*more: tuple[Any, str]) -> Trail:
    return trail((_("Data"), reverse("lead-data")), *more)


class DataPage(LeadsPart):
    """One of the four lists that stand side by side."""

    here = ""

    def views(self) -> list[dict[str, Any]]:
        user = self.request.user
        pages = [
            ("lead-data", _("Quality"), "leads.view_dataqualityissue"),
            ("competitor-list", _("Competitors"), "leads.view_competitor"),
            ("market-fact-list", _("Market facts"), "leads.view_marketfact"),
            ("data-source-list", _("Sources"), "leads.view_datasource"),
        ]
        return [
            {"label": label, "url": reverse(name), "icon": "", "current": name == self.here}
            for name, label, permission in pages
            if user.has_perm(permission)
        ]

    def crumbs(self) -> list[tuple[Any, str]]:
        return trail((_("Data"), "")) if self.here == "lead-data" else _crumbs((self.title, ""))


def _record_name(row: DataQualityIssue) -> str:
    record = row.record
    return f"{record}, {record.company}" if row.lead_id else str(record)


def kind_of(row: DataQualityIssue) -> str:
    """Which kind of record an issue is about."""
    return BY_KEY[row.rule].kind


class QualityList(DataPage):
    """What is wrong with records in sight, each row leading to the form that mends it."""

    title, noun, here = gettext_lazy("Data quality"), gettext_lazy("issues"), "lead-data"
    permission = "leads.view_dataqualityissue"
    filters = QualityFilter
    template = "leads/quality.html"
    order = "-found"
    columns = (
        Column("record", gettext_lazy("Record"), _record_name),
        Column("kind", gettext_lazy("Kind"), lambda row: KIND_NAMES[kind_of(row)]),
        Column("rule", gettext_lazy("What is wrong"), lambda row: BY_KEY[row.rule].label),
        Column(
            "severity",
            gettext_lazy("Severity"),
            lambda row: (row.get_severity_display(), TONES[row.severity]),
            kind="pill",
        ),
        Column("found", gettext_lazy("Found"), "found_at", kind="datetime", sort="found_at"),
    )
    chips = tuple(Chip(key, label, {"severity": key}) for key, label in DataQualityIssue.Severity.choices)
    empty = Empty(
        gettext_lazy("Nothing is wrong"),
        gettext_lazy("Records are looked through every night; what is mended goes by itself."),
        "shield-check",
    )

    def rows(self) -> QuerySet[Any]:
        return issue_list(viewer=self.request.user)

    def strip(self, rows: QuerySet[Any]) -> list[Figure]:
        return [
            Figure(rule.label, number, f"?rule={rule.key}", KIND_NAMES[rule.kind])
            for rule, number in sorted(counts(rows), key=lambda pair: -pair[1])[:6]
        ]

    def row_url(self, row: Any) -> str:
        return reverse(FIX[kind_of(row)], args=[row.record.pk])


@login_required
@require_POST
def scan(request: HttpRequest) -> HttpResponse:
    """Look through all records now."""
    found = [services.scan_quality(rule_key=rule.key, actor=request.user) for rule in RULES]
    opened, closed = (sum(pair[at] for pair in found) for at in (0, 1))
    messages.success(request, _("%(opened)s found, %(closed)s mended.") % {"opened": opened, "closed": closed})
    return redirect("lead-data")


class CompetitorList(DataPage):
    """Who else sells to our market."""

    title, noun, here = gettext_lazy("Competitors"), gettext_lazy("competitors"), "competitor-list"
    permission = "leads.view_competitor"
    adds = ("leads.add_competitor", gettext_lazy("New competitor"), "data-record-new", "competitors")
    filters = CompetitorFilter
    order = "name"
    columns = (
        Column("name", gettext_lazy("Competitor"), sub="website", sort="name"),
        Column("products", gettext_lazy("Products"), lambda row: ", ".join(row.products)),
        Column("strengths", gettext_lazy("Strong in")),
        Column("weaknesses", gettext_lazy("Weak in")),
    )
    empty = Empty(gettext_lazy("No competitor yet"), gettext_lazy("Who do we meet in deals?"), "swords")

    def rows(self) -> QuerySet[Any]:
        return competitor_list(viewer=self.request.user)


class FactList(DataPage):
    """Figures about markets, with source and day."""

    title, noun, here = gettext_lazy("Market facts"), gettext_lazy("market facts"), "market-fact-list"
    permission = "leads.view_marketfact"
    adds = ("leads.add_marketfact", gettext_lazy("New market fact"), "data-record-new", "facts")
    filters = MarketFactFilter
    order = "-as_of"
    columns = (
        Column("metric", gettext_lazy("Figure"), sort="metric"),
        Column("geography", gettext_lazy("Where"), sort="geography"),
        Column("value", gettext_lazy("Value"), lambda row: f"{shown(row.value)} {row.unit}".strip(), sort="value"),
        Column("competitor", gettext_lazy("Competitor")),
        Column("source", gettext_lazy("Source")),
        Column("as_of", gettext_lazy("As of"), kind="date", sort="as_of"),
    )
    empty = Empty(
        gettext_lazy("No market fact yet"), gettext_lazy("How large is the market, and who says so?"), "world"
    )

    def rows(self) -> QuerySet[Any]:
        return fact_list(viewer=self.request.user)


class SourceList(DataPage):
    """Where facts come from."""

    title, noun, here = gettext_lazy("Data sources"), gettext_lazy("sources"), "data-source-list"
    permission = "leads.view_datasource"
    adds = ("leads.add_datasource", gettext_lazy("New source"), "data-record-new", "sources")
    filters = DataSourceFilter
    order = "name"
    columns = (
        Column("name", gettext_lazy("Source"), sub="description", sort="name"),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column("url", gettext_lazy("Address")),
    )
    empty = Empty(gettext_lazy("No source yet"), gettext_lazy("A register, a study, a service."), "database")

    def rows(self) -> QuerySet[Any]:
        return source_list(viewer=self.request.user)


# Forms ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Kind:
    model: type[Any]
    form: type[forms.Form]
    rows: Callable[..., QuerySet[Any]]
    list_name: str
    title: StrOrPromise

    @property
    def name(self) -> str:
        return str(self.model._meta.model_name)


KINDS = {
    "competitors": _Kind(Competitor, CompetitorForm, competitor_list, "competitor-list", gettext_lazy("Competitors")),
    "facts": _Kind(MarketFact, MarketFactForm, fact_list, "market-fact-list", gettext_lazy("Market facts")),
    "sources": _Kind(DataSource, DataSourceForm, source_list, "data-source-list", gettext_lazy("Sources")),
}


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """Write a competitor, a fact or a source down."""
    chosen = _kind(kind)
    require(request.user, f"leads.add_{chosen.name}")
    form = chosen.form(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.create_setting(record=chosen.model(**form.cleaned_data), actor=request.user)
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(chosen.list_name)
    return _form(request, chosen, form, None)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Change one."""
    chosen = _kind(kind)
    record = get_object_or_404(chosen.rows(viewer=request.user), pk=pk)
    if not request.user.has_perm(f"leads.change_{chosen.name}"):
        raise NotAllowed(_("Your role may read this, not change it."))
    initial = {name: getattr(record, name) for name in chosen.form.base_fields}
    form = chosen.form(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.edit_setting(
                record=record, version=shown_version(request), actor=request.user, **form.cleaned_data
            )
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(chosen.list_name)
    return _form(request, chosen, form, record)


def _kind(kind: str) -> _Kind:
    if kind not in KINDS:
        raise Http404
    return KINDS[kind]


def _form(request: HttpRequest, chosen: _Kind, form: forms.Form, record: Any) -> HttpResponse:
    title, listed = str(record) if record else _("New"), reverse(chosen.list_name)
    way = _crumbs((chosen.title, listed))
    return form_page(request, form, title=title, way=way, back=listed, record=record)
