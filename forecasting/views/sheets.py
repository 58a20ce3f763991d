"""A sheet as the statement page shows it: sentences, chart, tiers, lines with their links."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from forecasting.models.ledger import CommissionRun
from forecasting.models.periods import FiscalPeriod
from forecasting.models.statements import StatementLine
from forecasting.selectors.explain import Line, explain, headline, month_name, tier_words
from forecasting.selectors.statements import Sheet
from orders.models import Order
from revops.core import clock
from revops.core.money import Money
from revops.core.templatetags.frame import day as day_text
from revops.core.templatetags.frame import money_text

State = StatementLine.State
STATE_TONES = {State.HELD: "warn", State.PAYABLE: "ok", State.REVERSED: "", State.TAKEN_BACK: "bad"}


def period_name(period: FiscalPeriod) -> str:
    """October 2026."""
    return date_format(period.first_on, "F Y")


def page_of(sheet: Sheet, viewer: Any) -> dict[str, Any]:
    """The context of the statement page."""
    own = sheet.payee == viewer
    name = period_name(sheet.period)
    return {
        "title": _("Commission statement, %(month)s") % {"month": name},
        "nav_key": "compensation",
        "crumbs": [(_("Compensation"), reverse("statement-list")), (name, "")],
        "sheet": sheet,
        "own": own,
        "month": date_format(sheet.period.first_on, "F"),
        "figures": {key: Money(getattr(sheet, key), sheet.currency) for key in FIGURES},
        "quota": Money(sheet.quota, sheet.currency) if sheet.quota is not None else None,
        "headline": headline(sheet),
        "components": [
            {
                "terms": terms,
                "tiers": tier_words(sheet, terms),
                "measured": Money(Decimal(terms["measured"]), sheet.currency),
            }
            for terms in sheet.terms
        ],
        "pace": _pace(sheet),
        "orders": len({line.order_number for line in _own(sheet) if line.slices}),
        "lines": _lines(sheet, viewer),
        "credited": sum((line.credited for line in _own(sheet)), Decimal(0)),
        **_chart(sheet),
    }


FIGURES = ("total", "measured", "earned", "corrections", "held", "released", "payable")


def _own(sheet: Sheet) -> list[Line]:
    """Lines of the month itself, without the corrections of earlier ones."""
    return [line for line in sheet.lines if line.origin_label == sheet.period.label]


def _pace(sheet: Sheet) -> dict[str, Any] | None:
    """The bar: one scale for what is booked and for the quota."""
    if not sheet.quota:
        return None
    return {"top": max(sheet.measured, sheet.quota) * Decimal("1.05"), "quota": sheet.quota, "measured": sheet.measured}


def _lines(sheet: Sheet, viewer: Any) -> list[dict[str, Any]]:
    """Lines always show what they are; the link only goes where the viewer may go."""
    numbers = {line.order_number for line in sheet.lines}
    seen = dict(Order.objects.visible_to(viewer).filter(number__in=numbers).values_list("number", "pk"))
    own = sheet.payee == viewer
    return [_line(sheet, line, seen.get(line.order_number), own) for line in sheet.lines]


def _line(sheet: Sheet, line: Line, order: int | None, own: bool) -> dict[str, Any]:
    earlier = line.origin_label != sheet.period.label
    return {
        "line": line,
        "number": f"{line.order_number}.{line.line_number}",
        "url": reverse("order-detail", args=[order]) if order else "",
        "earlier": earlier,
        "tiers": ", ".join(dict.fromkeys(str(part[1]) for part in line.slices)),
        "rates": " + ".join(dict.fromkeys(f"{part[2]} %" for part in line.slices)),
        "state": _("From %(month)s") % {"month": month_name(line.origin_label)} if earlier else State(line.state).label,
        "tone": "" if earlier else STATE_TONES[State(line.state)],
        "explanation": explain(sheet, line, own=own),
        "bad": line.amount < 0,
    }


def _chart(sheet: Sheet) -> dict[str, Any]:
    """Credit of the month by day, as a running sum; the table behind it has the days on which something was booked."""
    own = _own(sheet)
    if not own:
        return {"chart": None}
    last = min(sheet.period.last_on, max(clock.today(), max(line.booked_on for line in own)))
    days = [sheet.period.first_on + timedelta(days=n) for n in range((last - sheet.period.first_on).days + 1)]
    credited: dict[date, Decimal] = {}
    for line in own:
        credited[line.booked_on] = credited.get(line.booked_on, Decimal(0)) + line.credited
    total, values, rows = Decimal(0), [], []
    for one in days:
        total += credited.get(one, Decimal(0))
        values.append(str(total))
        if one in credited:
            rows.append(
                [
                    day_text(one),
                    money_text(Money(credited[one], sheet.currency)),
                    money_text(Money(total, sheet.currency)),
                ]
            )
    spec: dict[str, Any] = {
        "kind": "line",
        "unit": sheet.currency,
        "labels": [f"{one.day} {date_format(one, 'M')}" for one in days],
        "series": [{"name": _("Credited"), "values": [_plain(value) for value in values], "color": 1, "area": True}],
    }
    if sheet.quota:
        spec["mark"] = {"value": _plain(sheet.quota), "label": _("Quota")}
    return {"chart": spec, "chart_rows": rows, "chart_head": [_("Day"), _("Credited"), _("So far")]}


def _plain(value: Decimal | str) -> int:
    """Whole units: what a chart draws. The table behind it has the cents."""
    return int(Decimal(value))


def figures_of_run(run: CommissionRun) -> dict[str, Any]:
    """A line of the list of running months; amounts are those of the last calculation."""
    earned = sum((Decimal(row["amount"]) for row in run.ratings), Decimal(0))
    first = {row["component"]: Decimal(row["measured"]) for row in run.ratings}
    return {
        "payee": run.payee,
        "url": reverse("statement-running", args=[run.payee_id]),
        "measured": next(iter(first.values())),
        "earned": earned,
        "lines": len(run.ratings),
    }
