"""The dashboard: a month's figures with the rows behind each, the year's course, the funnel, people's pace."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import django_filters
from dateutil.relativedelta import relativedelta
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from forecasting.selectors import forecast as forecasts
from forecasting.selectors import metrics
from forecasting.selectors.targets import quota_by_user
from forecasting.views.asked import Asked, asked
from forecasting.views.forecast import RowsFilter, rows_url
from revops.core.errors import BadRequest
from revops.core.money import Money, truncated_percent
from revops.core.organisation import Span, month_of, organisation, quarter_of
from revops.core.templatetags.frame import moment, money_text
from revops.core.views.lists import Column, Figure, ListPage
from revops.users.calendars import default_calendar, opening_hours
from revops.users.models import User

MONTHS_SHOWN = 12
STEP_LABELS = {
    "created": gettext_lazy("New leads"),
    "worked": gettext_lazy("Worked"),
    "qualified": gettext_lazy("Qualified"),
    "converted": gettext_lazy("Opportunities"),
    "ordered": gettext_lazy("Orders"),
}


@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """Figures of the month (or the period asked for) for what the viewer may see."""
    ask = asked(request, default="month")
    viewer, base = request.user, organisation().base_currency
    quarter = Asked(quarter_of(min(ask.span.last, ask.as_of), organisation().fiscal_year_starts_in), ask.as_of, True)
    quotas = quota_by_user(viewer=viewer, span=quarter.span)
    line = forecasts.forecast(viewer=viewer, span=quarter.span, as_of=quarter.as_of, quotas=quotas).total
    context = {
        "title": _("Dashboard, %(period)s") % {"period": ask.span.name},
        "crumbs": [(_("Reports"), "")],
        "nav_key": "reports",
        "ask": ask,
        "kpis": _figures(viewer, ask, quarter, line, base),
        "funnel": _funnel(viewer, ask),
        "pace": _pace(viewer, ask, base),
        **_months(viewer, ask, base),
        **_against_quota(quarter, line, base),
    }
    return render(request, "forecasting/dashboard.html", context)


def booked_url(ask: Asked, user: int | None = None) -> str:
    """The order shares behind booked revenue."""
    return f"{reverse('dashboard-booked')}?{ask.query(user=user)}"


def _figures(viewer: Any, ask: Asked, quarter: Asked, line: forecasts.Line, base: str) -> list[Figure]:
    won, deals = metrics.won_total(viewer=viewer, span=ask.span, as_of=ask.as_of)
    pipeline, shares = metrics.open_total(viewer=viewer, as_of=ask.as_of)
    booked = metrics.total(metrics.booked_rows(viewer=viewer, span=ask.span, as_of=ask.as_of))
    quota = sum(quota_by_user(viewer=viewer, span=ask.span).values(), Decimal(0))
    target = line.quota or Decimal(0)
    closing, missing = metrics.coverage(viewer=viewer, span=quarter.span, as_of=ask.as_of, quota=target, line=line)
    attained = truncated_percent(booked, quota)
    ratio = f"{(closing / missing):.2f}×" if missing else _("n/a")
    return [
        Figure(
            _("Won this period"),
            Money(won, base),
            rows_url(ask, forecasts.CLOSED),
            ngettext("%d deal", "%d deals", deals) % deals,
        ),
        Figure(
            _("Open pipeline"),
            Money(pipeline, base),
            rows_url(ask, forecasts.ALL_OPEN),
            ngettext("%d open share", "%d open shares", shares) % shares,
        ),
        Figure(_("Booked revenue"), Money(booked, base), booked_url(ask), _("net of orders booked")),
        Figure(
            _("Attainment"),
            _("n/a") if attained is None else f"{attained} %",
            booked_url(ask),
            _("of %(quota)s quota") % {"quota": money_text(Money(quota, base), "auto")},
        ),
        Figure(
            _("Coverage of the quarter"),
            ratio,
            rows_url(quarter, forecasts.PIPELINE),
            _("%(open)s open for %(rest)s to go")
            % {"open": money_text(Money(closing, base), "auto"), "rest": money_text(Money(missing, base), "auto")},
        ),
    ]


def _months(viewer: Any, ask: Asked, base: str) -> dict[str, Any]:
    """Won by month up to the period, with the table behind the chart."""
    last = month_of(min(ask.span.last, ask.as_of))
    months = [month_of(last.first - relativedelta(months=back)) for back in reversed(range(MONTHS_SHOWN))]
    values = metrics.won_by_month(viewer=viewer, months=months, as_of=ask.as_of)
    best = max(range(len(values)), key=lambda n: values[n])
    links = [rows_url(Asked(month, ask.as_of, ask.given), forecasts.CLOSED) for month in months]
    title = _("No deal was won in twelve months")
    if values[best]:
        title = _("%(month)s was the best of twelve months") % {"month": moment(months[best].first, "LLLL y")}
    return {
        "won_title": title,
        "won_spec": {
            "kind": "bar",
            "labels": [moment(month.first, "LLL yy") for month in months],
            "unit": base,
            "series": [{"name": str(_("Won")), "values": [str(value) for value in values], "color": 1}],
            "urls": links,
        },
        "won_head": [_("Month"), _("Won")],
        "won_rows": [
            (month.label, money_text(Money(value, base))) for month, value in zip(months, values, strict=True)
        ],
    }


def _against_quota(quarter: Asked, line: forecasts.Line, base: str) -> dict[str, Any]:
    """Closed, commit and best case of the quarter beside its quota."""
    names = (forecasts.CLOSED, forecasts.COMMIT, forecasts.BEST)
    labels = [_("Closed"), _("Commit"), _("Best case")]
    values = [line.column(name) for name in names]
    quota = line.quota or Decimal(0)
    title = _("No quota is set for %(period)s") % {"period": quarter.span.name}
    if quota:
        gap = truncated_percent(abs(quota - values[1]), quota, 0)
        side = _("under") if values[1] < quota else _("over")
        title = _("Commit stands %(gap)s %% %(side)s quota") % {"gap": gap, "side": side}
    return {
        "quota_title": title,
        "quarter": quarter,
        "quota_spec": {
            "kind": "bar",
            "labels": [str(label) for label in labels],
            "unit": base,
            "series": [{"name": quarter.span.label, "values": [str(value) for value in values], "color": 1}],
            "urls": [rows_url(quarter, name) for name in names],
            **({"mark": {"value": str(quota), "label": str(_("Quota"))}} if quota else {}),
        },
        "quota_head": [_("Category"), quarter.span.label],
        "quota_table": [
            *((label, money_text(Money(value, base))) for label, value in zip(labels, values, strict=True)),
            (_("Quota"), money_text(Money(quota, base))),
        ],
    }


def _funnel(viewer: Any, ask: Asked) -> dict[str, Any]:
    steps = metrics.funnel(viewer=viewer, as_of=ask.as_of)
    top = steps[0][1]
    rows, before = [], top
    for step, count in steps:
        on = truncated_percent(count, before, 0)
        url = f"{reverse('dashboard-funnel')}?as_of={ask.as_of}&step={step}"
        rows.append({"label": STEP_LABELS[step], "count": count, "url": url, "top": top or 1, "on": on})
        before = count
    ended = truncated_percent(steps[-1][1], top, 0)
    title = _("No new leads in 90 days")
    if ended is not None:
        title = _("%(percent)s %% of new leads ended as orders") % {"percent": ended}
    return {"title": title, "rows": rows, "since": ask.as_of - timedelta(days=metrics.COHORT_DAYS - 1)}


def elapsed_share(span: Span, as_of: date) -> Decimal:
    """Business days gone, including today, over the business days of the period; 1 for a period that is over."""
    hours = opening_hours(default_calendar())
    days = [span.first + timedelta(days=n) for n in range((span.last - span.first).days + 1)]
    working = [day for day in days if hours.stretches(day)]
    gone = sum(day <= as_of for day in working)
    return Decimal(gone) / Decimal(len(working) or 1)


def _pace(viewer: Any, ask: Asked, base: str) -> dict[str, Any]:
    """Who is where against quota, and against the share of the period that is gone."""
    quotas = quota_by_user(viewer=viewer, span=ask.span)
    booked = metrics.booked_by_user(viewer=viewer, span=ask.span, as_of=ask.as_of)
    share = elapsed_share(ask.span, ask.as_of)
    people = User.objects.visible_to(viewer).filter(pk__in=set(quotas) | set(booked))
    rows = [_pace_row(person, booked, quotas, share, ask, base) for person in people]
    rows.sort(key=lambda row: (row["attained"] is None, -(row["attained"] or Decimal(0)), str(row["person"])))
    on = sum(row["pill"] == "ok" for row in rows)
    with_quota = sum(row["quota"] is not None for row in rows)
    return {
        "rows": rows,
        "expected": int(share * 100),
        "title": _("%(on)d of %(all)d are on pace for quota") % {"on": on, "all": with_quota}
        if with_quota
        else _("Nobody here has a quota for this period"),
    }


def _pace_row(
    person: User, booked: dict[int, Decimal], quotas: dict[int, Decimal], share: Decimal, ask: Asked, base: str
) -> dict[str, Any]:
    mine, quota = booked.get(person.pk, Decimal(0)), quotas.get(person.pk)
    attained = truncated_percent(mine, quota) if quota else None
    expected = share * 100
    pill, word = "", _("no quota")
    if attained is not None:
        pill, word = ("ok", _("On pace")) if attained >= expected else ("bad", _("Behind"))
        if pill == "bad" and attained >= expected * Decimal("0.8"):
            pill, word = "warn", _("At risk")
    return {
        "person": person,
        "booked": Money(mine, base),
        "url": booked_url(ask, person.pk),
        "quota": Money(quota, base) if quota is not None else None,
        "attained": attained,
        "bar": min(attained or Decimal(0), Decimal(100)),
        "pill": pill,
        "word": word,
    }


class BookedRows(ListPage):
    """The order shares behind booked revenue and attainment."""

    nav_key = "reports"
    title = gettext_lazy("Booked revenue, share by share")
    noun = gettext_lazy("shares")
    filters = RowsFilter
    order = "-booked"
    columns = (
        Column("order", gettext_lazy("Order"), "order.number", sort="order__number"),
        Column("account", gettext_lazy("Account"), "order.account"),
        Column("person", gettext_lazy("Person"), "user", kind="user"),
        Column("booked", gettext_lazy("Booked"), "order.booked_on", kind="date", sort="order__booked_on"),
        Column("percent", gettext_lazy("Share"), "percent", kind="percent"),
        Column("counts", gettext_lazy("Counts"), lambda row: Money(row.base, row.base_currency), "money", sort="base"),
    )

    def rows(self) -> QuerySet[Any]:
        ask = asked(self.request, default="month", known=frozenset(self.request.GET) - {"period", "as_of"})
        rows = metrics.booked_rows(viewer=self.request.user, span=ask.span, as_of=ask.as_of)
        user = self.request.GET.get("user", "")
        if user.isdigit():
            rows = rows.filter(user_id=int(user))
        rows = rows.annotate(base_currency=Value(organisation().base_currency))
        return rows.select_related("order__account", "user")

    def strip(self, rows: QuerySet[Any]) -> list[Figure]:
        return [Figure(_("Sum of these rows"), Money(metrics.total(rows), organisation().base_currency))]

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Reports"), reverse("dashboard")), (self.title, "")]

    def row_url(self, row: Any) -> str:
        return reverse("order-detail", args=[row.order_id])


class FunnelFilter(RowsFilter):
    """Which step of the funnel."""

    step = django_filters.ChoiceFilter(method="as_asked", label=gettext_lazy("Step"), choices=list(STEP_LABELS.items()))


class FunnelRows(ListPage):
    """The leads behind a step of the funnel."""

    nav_key = "reports"
    noun = gettext_lazy("leads")
    filters = FunnelFilter
    order = "-created"
    columns = (
        Column("name", gettext_lazy("Lead"), "name", sort="last_name"),
        Column("company", gettext_lazy("Company"), sort="company"),
        Column("status", gettext_lazy("State"), "get_status_display", kind="pill"),
        Column("owner", gettext_lazy("Owner"), kind="user"),
        Column("created", gettext_lazy("Created"), "created_at", kind="datetime", sort="created_at"),
    )

    def _step(self) -> str:
        step = self.request.GET.get("step", "created")
        if step not in STEP_LABELS:
            raise BadRequest("bad_filter", _("There is no such step."))
        return step

    @property
    def title(self) -> str:  # type: ignore[override]
        return _("Leads of 90 days: %(step)s") % {"step": STEP_LABELS[self._step()]}

    def rows(self) -> QuerySet[Any]:
        ask = asked(self.request, default="month", known=frozenset(self.request.GET) - {"period", "as_of"})
        rows = metrics.funnel_rows(viewer=self.request.user, as_of=ask.as_of, step=self._step())
        return rows.select_related("owner")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Reports"), reverse("dashboard")), (self.title, "")]

    def row_url(self, row: Any) -> str:
        return reverse("lead-detail", args=[row.pk])
