"""Why every cent: a sentence for a line, and one for the month. Readable from the frozen rows alone."""

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
    over = _("from %(bound)s") if terms["comparator"] == GTE else _("over %(bound)s")
    rows = []
    for number_, (bound, rate) in enumerate(terms["tiers"]):
        money = money_text(Money(Decimal(bound), sheet.currency), "auto")
        rows.append(
            {
                "tier": number_ + 1,
                "words": over % {"bound": money} if number_ else _("up to there"),
                "rate": number(rate),
                "reached": number_ == terms["tier"],
            }
        )
    return rows


def explain(sheet: Sheet, line: Line) -> str:
    """From the order to the cent."""
    if not line.slices:
        return _("This order was taken back, so what it had earned was taken back with it.")
    return " ".join([_credit(line, sheet), _rate(line, sheet), _sum(line, sheet)])


def _credit(line: Line, sheet: Sheet) -> str:
    value = money_text(Money(line.order_value, line.order_currency))
    credited = money_text(Money(line.credited, sheet.currency))
    text = _("%(account)s ordered %(what)s for %(value)s on %(on)s.") % {
        "account": line.account_name,
        "what": line.description,
        "value": value,
        "on": date_format(line.booked_on, "j F"),
    }
    others = ", ".join(f"{name} {share} %" for name, share in line.shared_with)
    words = {"percent": number(line.percent), "others": others, "credited": credited, "fx": number(line.fx_rate)}
    if others:
        text += " " + _("%(percent)s %% of it is credited here, the rest to %(others)s: %(credited)s.") % words
    else:
        text += " " + _("All of it is credited here: %(credited)s.") % words
    if line.order_currency != sheet.currency:
        text += " " + _("Converted once, at %(fx)s.") % words
    return text


def _rate(line: Line, sheet: Sheet) -> str:
    terms = next((row for row in sheet.terms if row["name"] == line.component), None)
    if terms is None or line.origin_label != sheet.period.label:
        return _("It belongs to %(month)s and is corrected now.") % {"month": line.origin_label}
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
