"""The rows of a quote: its lines and totals, written the same way by every service."""

from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from opportunities.models import Quote, QuoteLine
from opportunities.selectors.pricing import Priced
from revops.catalog.models import PriceBook
from revops.core import clock
from revops.core.errors import IllegalState, InvalidInput

COPIED = (
    "opportunity", "price_book", "currency", "terms", "discount", "shipping", "net", "tax", "total", "cost",
)  # fmt: skip
LINE = (
    "product_id", "description", "quantity", "list_price", "unit_price", "discount_percent", "discount",
    "allocated_discount", "net", "tax_percent", "tax", "unit_cost", "recurring_months",
)  # fmt: skip
ASKED = ("quantity", "unit_price", "discount_percent", "tax_percent", "unit_cost", "description", "list_price")


def check_terms(*, book: PriceBook, valid_until: date, terms: str) -> None:
    """Refuse a price book that is not in force, a day that is over, text that no record can hold."""
    today = clock.today()
    if today not in book.during:
        raise InvalidInput.of(price_book=_("This price book is not valid today."))
    if valid_until < today:
        raise InvalidInput.of(valid_until=_("Today or later."))
    if valid_until.year > today.year + 5:
        raise InvalidInput.of(valid_until=_("Within five years."))
    if "\x00" in terms:
        raise InvalidInput.of(terms=_("This text holds a character that no record can hold."))


def refuse_past(quote: Quote) -> None:
    """Nothing is sent or accepted after the last valid day."""
    if quote.valid_until < clock.today():
        raise IllegalState(
            "quote_expired",
            _("This quote was valid until %(day)s.") % {"day": date_format(quote.valid_until, "j M Y")},
        )


def set_totals(quote: Quote, priced: Priced) -> None:
    quote.discount, quote.shipping = priced.discount, priced.shipping
    quote.net, quote.tax, quote.total, quote.cost = priced.net, priced.tax, priced.total, priced.cost


def write_lines(quote: Quote, priced: Priced) -> None:
    """Replace the lines of a saved draft."""
    quote.lines.all().delete()
    QuoteLine.objects.bulk_create(
        QuoteLine(
            quote=quote,
            position=position,
            product_id=line.product.pk,
            **{name: getattr(line, name) for name in LINE if name != "product_id"},
        )
        for position, line in enumerate(priced.lines, start=1)
    )


def copy_lines(old: Quote, new: Quote) -> None:
    """The same lines to the coin, on another quote."""
    QuoteLine.objects.bulk_create(
        QuoteLine(quote=new, position=row.position, **{name: getattr(row, name) for name in LINE})
        for row in old.lines.all()
    )


def as_asked(row: QuoteLine) -> dict[str, Any]:
    """A stored line as input."""
    return {"product": row.product, **{name: getattr(row, name) for name in ASKED}}


def said(quote: Quote) -> dict[str, Any]:
    """What a quote says, to see whether an edit changes it."""
    plain = ("valid_until", "terms", "discount", "shipping", "currency", "net", "tax", "total", "cost")
    lines = [[str(value) for value in row] for row in quote.lines.order_by("position").values_list(*LINE)]
    return {**{name: getattr(quote, name) for name in plain}, "price_book": quote.price_book_id, "lines": lines}
