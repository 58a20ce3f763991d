"""The forecast page, the rows behind each figure, and the quotas behind the targets."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import django_filters
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from forecasting.selectors import forecast as selectors
from forecasting.selectors.metrics import total
from forecasting.selectors.targets import quota_by_user, quota_rows
from forecasting.views.asked import Asked, asked
from opportunities.models import Opportunity
from revops.core.errors import BadRequest
from revops.core.money import Money, truncated_percent
from revops.core.organisation import month_of, organisation, quarter_of, year_of
from revops.core.views.lists import Column, Figure, ListPage

LABELS = {
    selectors.CLOSED: gettext_lazy("Closed"),
    selectors.COMMIT: gettext_lazy("Commit"),
    selectors.BEST: gettext_lazy("Best case"),
    selectors.PIPELINE: gettext_lazy("Open pipeline"),
    selectors.NO_DATE: gettext_lazy("No date"),
    selectors.OVERDUE: gettext_lazy("Close date passed"),
    selectors.ALL_OPEN: gettext_lazy("All open"),
}
SHOWN = (
    selectors.CLOSED,
    selectors.COMMIT,
    selectors.BEST,
    selectors.PIPELINE,
    selectors.OVERDUE,
    selectors.NO_DATE,
)


def rows_url(ask: Asked, column: str, *, user: int | None = None, team: int | None = None) -> str:
    """The address of exactly the rows behind a figure."""
    return f"{reverse('forecast-rows')}?{ask.query(column=column, user=user, team=team)}"


def _cells(ask: Asked, line: selectors.Line, base: str, who: dict[str, int | None]) -> dict[str, Any]:
    commit = line.column(selectors.COMMIT)
    return {
        "line": line,
        "quota": Money(line.quota, base) if line.quota is not None else None,
        "quota_url": f"{reverse('forecast-quotas')}?{ask.query(**who)}",
        "figures": [
            {
                "value": Money(line.column(name), base),
                "count": line.count(name),
                "url": rows_url(ask, name, **who),
            }
            for name in SHOWN
        ],
        "weighted": Money(line.weighted, base),
        "weighted_url": rows_url(ask, "weighted", **who),
        "attained": truncated_percent(commit, line.quota) if line.quota else None,
        "short": Money(line.quota - commit, base) if line.quota and line.quota > commit else None,
    }


@login_required
def forecast_page(request: HttpRequest) -> HttpResponse:
    """Closed, commit, best case and pipeline by team and person for a period, as of a day."""
    ask = asked(request, default="quarter")
    quotas = quota_by_user(viewer=request.user, span=ask.span)
    table = selectors.forecast(viewer=request.user, span=ask.span, as_of=ask.as_of, quotas=quotas)
    base = table.currency
    blocks = [
        {
            "total": _cells(ask, block.total, base, {"team": block.total.key}),
            "people": [_cells(ask, line, base, {"user": line.key}) for line in block.people],
        }
        for block in table.teams
    ]
    context = {
        "title": _("Forecast, %(period)s") % {"period": ask.span.name},
        "crumbs": [(_("Forecast"), "")],
        "nav_key": "forecast",
        "ask": ask,
        "heads": [LABELS[name] for name in SHOWN],
        "blocks": blocks,
        "whole": _cells(ask, table.total, base, {}),
        "kpis": _kpis(ask, table.total, base),
        "periods": _periods(ask),
        "currency": base,
    }
    return render(request, "forecasting/forecast.html", context)


def _kpis(ask: Asked, line: selectors.Line, base: str) -> list[Figure]:
    quota = line.quota or Decimal(0)

    def of_quota(value: Decimal) -> str:
        percent = truncated_percent(value, quota)
        return _("%(percent)s %% of quota") % {"percent": percent} if percent is not None else _("no quota set")

    names = (selectors.CLOSED, selectors.COMMIT, selectors.BEST)
    figures = [Figure(_("Quota"), Money(quota, base), f"{reverse('forecast-quotas')}?{ask.query()}")]
    figures += [
        Figure(LABELS[name], Money(line.column(name), base), rows_url(ask, name), of_quota(line.column(name)))
        for name in names
    ]
    note = _("closed and open at stage odds")
    figures.append(Figure(_("Weighted"), Money(line.weighted, base), rows_url(ask, "weighted"), note))
    return figures


def _periods(ask: Asked) -> list[dict[str, Any]]:
    """Month, quarter and year around the period in view, and the neighbours of the period itself."""
    starts_in = organisation().fiscal_year_starts_in
    middle = min(max(ask.as_of, ask.span.first), ask.span.last)
    spans = [month_of(middle), quarter_of(middle, starts_in), year_of(middle, starts_in)]
    before, after = ask.span.first - timedelta(days=1), ask.span.last + timedelta(days=1)
    kind = next((n for n, span in enumerate(spans) if span.label == ask.span.label), 1)
    of_kind = [month_of, lambda d: quarter_of(d, starts_in), lambda d: year_of(d, starts_in)][kind]
    day = f"&as_of={ask.as_of}" if ask.given else ""
    items = [
        {"label": text, "url": f"?period={span.label}{day}", "current": n == kind}
        for n, (text, span) in enumerate(zip((_("Month"), _("Quarter"), _("Year")), spans, strict=True))
    ]
    ends = [(_("Earlier"), of_kind(before), "chevron-left"), (_("Later"), of_kind(after), "chevron-right")]
    return [{"segment": items}] + [
        {"label": f"{text}: {span.label}", "url": f"?period={span.label}{day}", "icon": icon}
        for text, span, icon in ends
    ]


class RowsFilter(django_filters.FilterSet):
    """The parameters of the rows page; the selector reads them, so that figure and rows cannot differ."""

    period = django_filters.CharFilter(method="as_asked", label=gettext_lazy("Period"))
    as_of = django_filters.DateFilter(method="as_asked", label=gettext_lazy("As of"))
    column = django_filters.ChoiceFilter(
        method="as_asked",
        label=gettext_lazy("Column"),
        choices=[*LABELS.items(), ("weighted", gettext_lazy("Weighted"))],
    )
    user = django_filters.NumberFilter(method="as_asked", label=gettext_lazy("Person"))
    team = django_filters.NumberFilter(method="as_asked", label=gettext_lazy("Team"))

    def as_asked(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return queryset


def _number(request: HttpRequest, name: str) -> int | None:
    raw = request.GET.get(name, "")
    if raw and not (raw.isascii() and raw.isdigit() and len(raw) < 18):
        raise BadRequest("bad_filter", _("“%(name)s” is a number.") % {"name": name})
    return int(raw) if raw else None


def _closes(deal: Opportunity) -> date | None:
    return deal.closed_on or deal.close_on


def _amount(deal: Opportunity) -> Money | None:
    return None if deal.amount is None else Money(deal.amount, deal.currency)


def _counted(row: Any) -> Money:
    return Money(row.counted, row.base_currency)


class ForecastRows(ListPage):
    """The split rows that one figure of the forecast adds up."""

    nav_key = "forecast"
    noun = gettext_lazy("shares")
    filters = RowsFilter
    order = "-share"
    columns = (
        Column("opportunity", gettext_lazy("Opportunity"), "opportunity.name", sort="opportunity__name"),
        Column("account", gettext_lazy("Account"), "opportunity.account"),
        Column("person", gettext_lazy("Person"), "user", kind="user"),
        Column("stage", gettext_lazy("Stage"), "opportunity.stage"),
        Column("close", gettext_lazy("Closes"), lambda row: _closes(row.opportunity), kind="date"),
        Column("amount", gettext_lazy("Amount"), lambda row: _amount(row.opportunity), kind="money", hidden=True),
        Column("percent", gettext_lazy("Share"), "percent", kind="percent"),
        Column("share", gettext_lazy("Counts"), _counted, kind="money", sort="counted"),
    )

    @property
    def title(self) -> str:  # type: ignore[override]
        names = {**LABELS, "weighted": _("Weighted")}
        return _("%(column)s, %(period)s") % {"column": names[self._column()], "period": self._ask().span.name}

    def _ask(self) -> Asked:
        known = frozenset(self.request.GET) - {"period", "as_of"}
        return asked(self.request, default="quarter", known=known)

    def _column(self) -> str:
        column = self.request.GET.get("column", selectors.COMMIT)
        return column if column in {**LABELS, "weighted": ""} else selectors.COMMIT

    def rows(self) -> QuerySet[Any]:
        ask = self._ask()
        return selectors.counted_rows(
            viewer=self.request.user,
            span=ask.span,
            as_of=ask.as_of,
            column=self._column(),
            user=_number(self.request, "user"),
            team=_number(self.request, "team"),
        )

    def strip(self, rows: QuerySet[Any]) -> list[Figure]:
        base = organisation().base_currency
        return [Figure(_("Sum of these rows"), Money(selectors.counted_total(rows), base))]

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Forecast"), f"{reverse('forecast')}?{self._ask().query()}"), (self.title, "")]

    def row_url(self, row: Any) -> str:
        return reverse("opportunity-detail", args=[row.opportunity_id])


class QuotaRows(ListPage):
    """The quotas behind a target."""

    nav_key = "forecast"
    title = gettext_lazy("Quotas behind the target")
    noun = gettext_lazy("quotas")
    filters = RowsFilter
    columns = (
        Column("who", gettext_lazy("Person"), "user", kind="user"),
        Column("period", gettext_lazy("Period"), "period.label"),
        Column("edition", gettext_lazy("Edition"), "number", kind="number"),
        Column("amount", gettext_lazy("Quota"), "money", kind="money", sort="amount"),
    )

    def rows(self) -> QuerySet[Any]:
        known = frozenset(self.request.GET) - {"period", "as_of"}
        ask = asked(self.request, default="quarter", known=known)
        rows = quota_rows(viewer=self.request.user, span=ask.span).select_related("user", "period")
        user, team = _number(self.request, "user"), _number(self.request, "team")
        if user is not None:
            rows = rows.filter(user_id=user)
        if team is not None:
            home = selectors.team_of(rows.values_list("user_id", flat=True), ask.as_of)
            rows = rows.filter(user_id__in=[key for key, found in home.items() if found.pk == team])
        return rows

    def strip(self, rows: QuerySet[Any]) -> list[Figure]:
        return [Figure(_("Sum of these rows"), Money(total(rows), organisation().base_currency))]

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Forecast"), reverse("forecast")), (self.title, "")]

    def row_url(self, row: Any) -> str:
        return f"{reverse('forecast-rows')}?period={row.period.label}&column=closed&user={row.user_id}"
