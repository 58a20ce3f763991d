"""Quotes as lists, records, the editor's preview and the API show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext

from opportunities.models import ApprovalRule, Opportunity, Quote, QuoteLine
from opportunities.selectors.approvals import Turn, deciding_rule, turns_of
from opportunities.selectors.pricing import Priced, price_lines
from revops.catalog.models import PriceBook, PriceBookEntry, Product
from revops.core import clock
from revops.core.money import Money, money
from revops.users.models import User

PRODUCTS_SHOWN = 1000


def quote_list(*, viewer: Any) -> QuerySet[Quote]:
    """Quotes with their deal, account and owner."""
    return Quote.objects.visible_to(viewer).select_related(
        "opportunity__account", "opportunity__owner", "price_book", "created_by"
    )


def quote_full(*, viewer: Any) -> QuerySet[Quote]:
    """Quotes with their lines, for the API."""
    return quote_list(viewer=viewer).prefetch_related("lines")


@dataclass(frozen=True)
class Preview:
    """What the editor shows before anything is saved."""

    priced: Priced
    rule: ApprovalRule | None
    turns: list[Turn]


def preview(
    *,
    opportunity: Opportunity,
    lines: Sequence[Mapping[str, Any]],
    book: PriceBook,
    discount: Decimal,
    shipping: Decimal,
    viewer: User,
    quote: Quote | None = None,
) -> Preview:
    """Prices, margin and who would have to approve. Raises what saving would raise, writes nothing."""
    day = clock.today()
    kept = keep_agreed(lines, list(quote.lines.all()) if quote and quote.price_book_id == book.pk else [])
    priced = price_lines(kept, currency=book.currency, on=day, book=book, discount=discount, shipping=shipping)
    return Preview(priced, *_approval(priced, opportunity, viewer, day))


def _approval(
    priced: Priced, opportunity: Opportunity, viewer: User, day: date
) -> tuple[ApprovalRule | None, list[Turn]]:
    if not priced.lines:
        return None, []
    rule = deciding_rule(net=priced.net, cost=priced.cost, currency=priced.currency, on=day)
    return rule, turns_of(rule, owner=opportunity.owner, submitter=viewer, on=day)


def approval_preview(quote: Quote, viewer: User) -> tuple[ApprovalRule | None, list[Turn]]:
    """Who would have to approve a stored quote."""
    day = clock.today()
    if not quote.net and not quote.cost:
        return None, []
    rule = deciding_rule(net=quote.net, cost=quote.cost, currency=quote.currency, on=day)
    return rule, turns_of(rule, owner=quote.opportunity.owner, submitter=viewer, on=day)


def keep_agreed(lines: Sequence[Mapping[str, Any]], stored: Sequence[QuoteLine]) -> list[dict[str, Any]]:
    """What stands on the quote keeps its list price, cost, tax and text; the catalogue prices new lines only."""
    left = list(stored)
    kept = []
    for line in lines:
        old = next((row for row in left if row.product_id == line["product"].pk), None)
        if old is None:
            kept.append(dict(line))
            continue
        left.remove(old)
        agreed = {
            "list_price": old.list_price,
            "unit_cost": old.unit_cost,
            "tax_percent": old.tax_percent,
            "description": old.description,
        }
        given = {name: value for name, value in line.items() if value is not None}
        kept.append({**agreed, **given})
    return kept


def products_of(book: PriceBook) -> list[PriceBookEntry]:
    """What can be quoted from a book today, by name."""
    sellable = Product.objects.sellable(clock.today()).values("pk")
    entries = PriceBookEntry.objects.filter(book=book, product__in=sellable).select_related("product")
    return list(entries.order_by("product__name", "pk")[:PRODUCTS_SHOWN])


@dataclass(frozen=True)
class Line:
    """One figure of the totals: `strong` closes the sum."""

    label: str
    value: Money
    strong: bool = False


def figures(document: Priced | Quote) -> list[Line]:
    """The sums under the lines, from a preview or a stored quote."""
    lines = list(document.lines) if isinstance(document, Priced) else list(document.lines.all())
    currency = document.currency
    monthly = sum((Fraction(row.net) / row.recurring_months for row in lines if row.recurring_months), Fraction(0))
    once = sum((row.net for row in lines if not row.recurring_months), Decimal(0))
    rows = []
    if monthly:
        rows += [
            Line(gettext("Recurring, each month (MRR)"), Money(money(monthly, currency), currency)),
            Line(gettext("One-time"), Money(once, currency)),
            Line(gettext("ACV, 12 × MRR + one-time"), Money(money(12 * monthly + Fraction(once), currency), currency)),
        ]
    listed = sum((money(row.quantity * row.list_price, currency) for row in lines), Decimal(0))
    if listed != document.net:
        rows.append(Line(gettext("Discount on list"), Money(listed - document.net, currency)))
    rows += [Line(gettext("Net"), Money(document.net, currency)), Line(gettext("Tax"), Money(document.tax, currency))]
    if document.shipping:
        rows.append(Line(gettext("Shipping"), Money(document.shipping, currency)))
    return [*rows, Line(gettext("Total"), Money(document.total, currency), strong=True)]
