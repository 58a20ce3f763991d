"""Statements: the list, the page of a month, and the running month before it is published."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from forecasting import services
from forecasting.filters.compensation import StatementFilter
from forecasting.models.ledger import CommissionRun
from forecasting.models.pay_scope import MANAGES, SEES_ALL, holds
from forecasting.models.periods import FiscalPeriod
from forecasting.models.statements import Statement
from forecasting.selectors.periods import month_holding
from forecasting.selectors.statements import running_months, sheet_of_month, sheet_of_statement, statement_list
from forecasting.views.posted import shown_version
from forecasting.views.sheets import figures_of_run, page_of, period_name
from revops.core import clock
from revops.core.views.lists import Action, Column, Empty, ListPage
from revops.users.models import User

TONES = {"draft": "", "published": "accent", "acknowledged": "ok", "disputed": "warn", "final": "ok", "paid": "ok"}


class StatementList(ListPage):
    """One's own statements, those of one's people, everybody's for those who administer pay."""

    title, nav_key, noun = gettext_lazy("Commission statements"), "compensation", gettext_lazy("statements")
    filters = StatementFilter
    order = "-period"
    template = "forecasting/statement_list.html"
    file_name = "statements"
    columns = (
        Column("period", gettext_lazy("Month"), lambda row: period_name(row.period), sort="period__first_on"),
        Column("payee", gettext_lazy("Payee"), kind="user", sort="payee__first_name"),
        Column("plan", gettext_lazy("Plan"), "plan_label"),
        Column("measured", gettext_lazy("Measured"), lambda row: row.money("measured"), kind="money", sort="measured"),
        Column("attainment", gettext_lazy("Attainment"), kind="percent", sort="attainment"),
        Column("earned", gettext_lazy("Earned"), lambda row: row.money("earned"), kind="money", sort="earned"),
        Column("payable", gettext_lazy("Payable"), lambda row: row.money("payable"), kind="money", sort="payable"),
        Column(
            "status",
            gettext_lazy("State"),
            lambda row: (row.get_status_display(), TONES[row.status]),
            kind="pill",
            sort="status",
        ),
    )
    empty = Empty(
        gettext_lazy("No statement yet"),
        gettext_lazy(
            "A statement is published when its month is closed. Until then the running month shows what counts."
        ),
        "coins",
    )

    def rows(self) -> Any:
        return statement_list(viewer=self.request.user)

    def row_url(self, row: Statement) -> str:
        return reverse("statement-detail", args=[row.pk])

    def actions(self) -> list[Action]:
        return [
            Action(_("Plans"), reverse("plan-list"), "file-text"),
            Action(_("My running month"), reverse("statement-me"), "coins", primary=True),
        ]

    def extra(self) -> dict[str, Any]:
        month = month_holding(clock.today())
        if month is None:
            return {}
        runs = running_months(viewer=self.request.user, period=month)
        return {"running": [figures_of_run(run) for run in runs if run.ratings], "running_name": period_name(month)}


@login_required
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A published statement, as it was frozen."""
    statement = get_object_or_404(statement_list(viewer=request.user), pk=pk)
    before = Statement.objects.visible_to(request.user).filter(
        payee=statement.payee_id, period__first_on__lt=statement.period.first_on
    )
    context = page_of(sheet_of_statement(statement), request.user) | {
        "statement": statement,
        "previous": before.select_related("period").order_by("-period__first_on", "-edition").first(),
        "may_acknowledge": statement.payee_id == request.user.pk and statement.status == Statement.Status.PUBLISHED,
        "may_publish": statement.status == Statement.Status.DRAFT and holds(request.user, MANAGES),
    }
    return render(request, "forecasting/statement.html", context)


@login_required
def me(request: HttpRequest) -> HttpResponse:
    """One's own running month."""
    return _running(request, request.user, _month(request))


@login_required
def running(request: HttpRequest, payee: int) -> HttpResponse:
    """Somebody's running month, for those who may see that person's pay."""
    month = _month(request)
    seen = CommissionRun.objects.visible_to(request.user).filter(payee=payee, period=month).exists()
    if payee != request.user.pk and not seen and not holds(request.user, SEES_ALL):
        raise Http404
    return _running(request, get_object_or_404(User.objects.visible_to(request.user), pk=payee), month)


def _month(request: HttpRequest) -> FiscalPeriod | None:
    label = request.GET.get("period", "")
    if not label:
        return month_holding(clock.today())
    return get_object_or_404(FiscalPeriod.objects.visible_to(request.user).months(), label=label)


def _running(request: HttpRequest, payee: Any, month: FiscalPeriod | None) -> HttpResponse:
    if month is None:
        context = {"title": _("No month is open"), "crumbs": [(_("Compensation"), "")], "nav_key": "compensation"}
        return render(request, "forecasting/statement_none.html", context)
    sheet = sheet_of_month(payee=payee, period=month)
    told = Statement.objects.visible_to(request.user).filter(payee=payee, period=month).order_by("-edition").first()
    context = page_of(sheet, request.user) | {"statement": None, "told": told}
    return render(request, "forecasting/statement.html", context)


@login_required
@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    statement = get_object_or_404(Statement.objects.visible_to(request.user), pk=pk)
    services.acknowledge_statement(statement=statement, version=shown_version(request), actor=request.user)
    messages.success(request, _("Acknowledged."))
    return redirect("statement-detail", pk=pk)


@login_required
@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    statement = get_object_or_404(Statement.objects.visible_to(request.user), pk=pk)
    services.publish_statement(statement=statement, version=shown_version(request), actor=request.user)
    messages.success(request, _("Published: the payee sees it now."))
    return redirect("statement-detail", pk=pk)
