"""The quote as a PDF. The words travel as JSON and are never read as markup, so a name cannot change the document."""

import json
from pathlib import Path
from typing import Any

import typst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opportunities.models import Quote, QuoteLine
from revops.core import clock
from revops.core.money import Money
from revops.core.organisation import default_entity
from revops.core.templatetags.frame import day, money_text, shown

TEMPLATE = Path(__file__).with_name("quote.typ")


def quote_pdf(quote: Quote) -> bytes:
    """The document that the customer gets, with the figures of the page."""
    return typst.compile(TEMPLATE, format="pdf", sys_inputs={"data": json.dumps(_data(quote))})


def _data(quote: Quote) -> dict[str, Any]:
    entity, deal = default_entity(), quote.opportunity
    made = quote.sent_at or quote.created_at
    return {
        "title": _("Quote %(number)s") % {"number": quote.number},
        "number": quote.number,
        "seller": {"name": entity.name, "address": entity.address},
        "account": deal.account.name if deal.account else "",
        "subject": deal.name,
        "date": day(clock.business_day(made)),
        "valid_until": day(quote.valid_until),
        "heads": [_("Product"), _("Quantity"), _("Unit price"), _("Discount"), _("Net")],
        "lines": [_line(row, quote.currency) for row in quote.lines.select_related("product")],
        "totals": totals(quote),
        "terms": quote.terms,
        "labels": {"page": _("Page"), "terms": _("Terms"), "date": _("Date:"), "valid": _("Valid until:")},
    }


def _line(row: QuoteLine, currency: str) -> dict[str, str]:
    months = row.recurring_months or 0
    every = ngettext("every month", "every %(n)s months", months) % {"n": months}
    return {
        "name": row.description,
        "note": f"{row.product.sku}, {every}" if months else row.product.sku,
        "quantity": shown(row.quantity),
        "price": price_text(row.unit_price, currency),
        "discount": f"{shown(row.discount_percent)} %" if row.discount_percent else "",
        "net": money_text(Money(row.net, currency)),
    }


def price_text(value: Any, currency: str) -> str:
    """A unit price: in coins, with more digits only if it has them."""
    price = Money(value, currency)
    return money_text(price) if price.rounded().amount == value else f"{shown(value)} {currency}"


def totals(quote: Quote) -> list[dict[str, Any]]:
    """The sums under the lines, the same on the page and in the document."""
    rows = [(_("Net"), quote.net_money, False)]
    if quote.discount:
        rows.insert(0, (_("Discount on the whole, included"), quote.discount_money, False))
    rows.append((_("Tax"), quote.tax_money, False))
    if quote.shipping:
        rows.append((_("Shipping"), quote.shipping_money, False))
    rows.append((_("Total"), quote.total_money, True))
    return [{"label": label, "value": money_text(value), "strong": strong} for label, value, strong in rows]
