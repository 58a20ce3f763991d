"""Why every cent: a sentence for a line, and one for the month. Readable from the frozen rows alone."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from forecasting.engine import FLAT, GTE, MARGINAL
from forecasting.models.statements import StatementLine
from forecasting.selectors.statements import Sheet, SheetLine
from revops.core.money import Money
from revops.core.templatetags.frame import amount, money_text

Line = SheetLine | StatementLine


def number(value: Any) -> str:
    """60, 2.5: as short as it is exact."""
    return f"{Decimal(value).normalize():f}"


def headline(sheet: Sheet) -> str:
    """The month in a sentence: where the measure stands against the tiers."""
    if not sheet.terms:
        return _("No signed plan covers this month, so nothing is paid on it")
    terms, month = sheet.terms[0], date_format(sheet.period.first_on, "F")
    tiers, reached = terms["tiers"], terms["tier"]
    rate = number(tiers[reached][1])
    if len(tiers) == 1 or terms["mode"] == FLAT:
        return _("%(month)s pays %(rate)s %% of every credit") % {"month": month, "rate": rate}
    if reached == 0:
        left = {"month": month, "rate": rate, "bound": money_text(Money(Decimal(tiers[1][0]), sheet.currency), "auto")}
        if terms["mode"] == MARGINAL:
            return _("%(month)s is within the first tier, up to %(bound)s at %(rate)s %%") % left
        return _("%(month)s has not passed %(bound)s, so %(rate)s %% applies to every dollar") % left
    if terms["mode"] == MARGINAL:
        return _("%(month)s reached tier %(tier)s: %(rate)s %% on the part above its bound") % {
            "month": month,
            "tier": reached + 1,
            "rate": rate,
        }
    return _("%(month)s passed the quota, so %(rate)s %% applies to every dollar") % {"month": month, "rate": rate}


def tier_words(sheet: Sheet, terms: dict[str, Any]) -> list[dict[str, Any]]:
    """The tiers as the page lists them, with the one that was reached."""
    reaches = terms["comparator"] == GTE
    over, under = (
        (_("from %(bound)s"), _("below %(bound)s")) if reaches else (_("over %(bound)s"), _("up to %(bound)s"))
    )
    bounds = [money_text(Money(Decimal(bound), sheet.currency), "auto") for bound, _rate in terms["tiers"]]
    rows = []
    for position, (_bound, rate) in enumerate(terms["tiers"]):
        if position:
            words = over % {"bound": bounds[position]}
        else:
            words = under % {"bound": bounds[1]} if len(bounds) > 1 else _("every amount")
        reached = position == terms["tier"]
        rows.append({"tier": position + 1, "words": words, "rate": number(rate), "reached": reached})
    return rows


def month_name(label: str) -> str:
    """October 2026, from 2026-10."""
    return date_format(date.fromisoformat(f"{label}-01"), "F Y")


def explain(sheet: Sheet, line: Line, *, own: bool = False) -> str:
    """From the order to the cent; `own` when the payee reads it."""
    if not line.slices:
        return _("This order was taken back, so what it had earned was taken back with it.")
    return " ".join([_credit(line, sheet, own), _rate(line, sheet), _sum(line, sheet)])


def _credit(line: Line, sheet: Sheet, own: bool) -> str:
    words = {
        "account": line.account_name,
        "what": line.description,
        "value": money_text(Money(line.order_value, line.order_currency)),
        "on": date_format(line.booked_on, "j F"),
        "percent": number(line.percent),
        "others": ", ".join(f"{name} {share} %" for name, share in line.shared_with),
        "credited": money_text(Money(line.credited, sheet.currency)),
        "fx": number(line.fx_rate),
        "who": str(sheet.payee),
    }
    parts = [
        _("%(account)s ordered %(what)s for %(value)s on %(on)s.") % words,
        _share(bool(line.shared_with), own) % words,
    ]
    if line.order_currency != sheet.currency:
        parts.append(_("Converted once, at %(fx)s.") % words)
    return " ".join(parts)


def _share(shared: bool, own: bool) -> str:
    if shared and own:
        return _("You hold %(percent)s %% of it and %(others)s, so you are credited %(credited)s.")
    if shared:
        return _("%(who)s holds %(percent)s %% of it and %(others)s, so %(credited)s are credited.")
    return _("You are credited all of it, %(credited)s.") if own else _("%(who)s is credited all of it, %(credited)s.")


def _rate(line: Line, sheet: Sheet) -> str:
    terms = next((row for row in sheet.terms if row["name"] == line.component), None)
    if terms is None or line.origin_label != sheet.period.label:
        return _("It belongs to %(month)s and is corrected now.") % {"month": month_name(line.origin_label)}
    words = {
        "month": date_format(sheet.period.first_on, "F"),
        "measured": money_text(Money(Decimal(terms["measured"]), sheet.currency)),
        "rate": number(line.rate or 0),
    }
    if terms["mode"] == FLAT or len(terms["tiers"]) == 1:
        return _("The rate is %(rate)s %%.") % words
    if terms["mode"] == MARGINAL:
        return _("Each part is paid at the rate of its tier.")
    return _retro(terms, words, sheet)


def _retro(terms: dict[str, Any], words: dict[str, str], sheet: Sheet) -> str:
    reached, tiers = terms["tier"], terms["tiers"]
    bound = tiers[reached][0] if reached else tiers[1][0]
    words["bound"] = money_text(Money(Decimal(bound), sheet.currency))
    if reached:
        return (
            _("The credits of %(month)s add up to %(measured)s, over %(bound)s, so %(rate)s %% applies to all of them:")
            % words
        )
    return _("The credits of %(month)s add up to %(measured)s, not over %(bound)s, so the rate is %(rate)s %%:") % words


def _sum(line: Line, sheet: Sheet) -> str:
    parts = " + ".join(f"{amount(part, 2)} × {number(rate)} %" for part, _tier, rate in line.slices)
    paid = money_text(Money(line.amount, sheet.currency))
    exact = _exact(line.exact)
    if line.origin_label != sheet.period.label:
        return _("%(parts)s; the difference to what was posted before is %(paid)s.") % {"parts": parts, "paid": paid}
    if exact is not None and exact != line.amount:
        return _("%(parts)s = %(exact)s, and with the running total rounded to the cent %(paid)s.") % {
            "parts": parts,
            "exact": number(exact.quantize(Decimal("0.000001"))),
            "paid": paid,
        }
    return _("%(parts)s = %(paid)s.") % {"parts": parts, "paid": paid}


def _exact(text: str) -> Decimal | None:
    if not text:
        return None
    top, _slash, bottom = text.partition("/")
    return Decimal(top) / Decimal(bottom or 1)
