"""What lines cost the customer: prices, discounts, taxes and margin. It reads only; services store the result.

net = quantity × unit price − line discount − its share of the document's discount; tax is rounded a line, then summed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from revops.catalog.models import PriceBook, Product
from revops.catalog.selectors import cost_of, default_book, price_of
from revops.core.errors import FieldError, InvalidInput
from revops.core.money import allocate, coin, money, truncated_percent
from revops.core.organisation import organisation

ZERO = Decimal(0)
LARGEST = Decimal(10) ** 15
MOST_LINES = 200
LINE_KEYS = frozenset(
    {"product", "quantity", "unit_price", "discount_percent", "tax_percent", "unit_cost", "description", "list_price"}
)


@dataclass(frozen=True)
class PricedLine:
    """One line with every amount that a document stores."""

    product: Product
    description: str
    quantity: Decimal
    list_price: Decimal
    unit_price: Decimal
    discount_percent: Decimal
    discount: Decimal
    allocated_discount: Decimal
    net: Decimal
    tax_percent: Decimal
    tax: Decimal
    unit_cost: Decimal
    cost: Decimal

    @property
    def recurring_months(self) -> int | None:
        return self.product.recurring_months

    @property
    def margin_percent(self) -> Decimal | None:
        return truncated_percent(self.net - self.cost, self.net) if self.net else None


@dataclass(frozen=True)
class Priced:
    """A whole document; total = net + tax + shipping (INV-06)."""

    currency: str
    lines: list[PricedLine]
    net: Decimal
    tax: Decimal
    shipping: Decimal
    cost: Decimal
    discount: Decimal

    @property
    def total(self) -> Decimal:
        return self.net + self.tax + self.shipping

    @property
    def margin(self) -> Fraction | None:
        return margin(self.net, self.cost)

    @property
    def margin_percent(self) -> Decimal | None:
        """As shown: truncated to one decimal."""
        return truncated_percent(self.net - self.cost, self.net) if self.net else None


def margin(net: Decimal, cost: Decimal) -> Fraction | None:
    """(net − cost) / net, exact; None when nothing is charged."""
    return Fraction(net - cost) / Fraction(net) if net else None


def below(net: Decimal, cost: Decimal, percent: Decimal) -> bool:
    """Whether the margin is strictly under `percent`; what is given away at a cost is under everything."""
    return (net - cost) * 100 < percent * net


def price_lines(
    lines: Sequence[Mapping[str, Any]],
    *,
    currency: str,
    on: date,
    book: PriceBook | None = None,
    discount: Decimal = ZERO,
    shipping: Decimal = ZERO,
) -> Priced:
    """Price `lines` ({"product", "quantity", and what overrides the catalogue}) as one document.

    Raises InvalidInput naming the line and the field ("lines.0.quantity").
    """
    _check_document(lines, currency, discount, shipping)
    tax_percent = organisation().tax_percent
    drafts = [
        _before_allocation(index, line, currency=currency, on=on, book=book, tax_percent=tax_percent)
        for index, line in enumerate(lines)
    ]
    gross = sum((draft["net"] for draft in drafts), ZERO)
    if discount > gross:
        raise InvalidInput.of(discount=_("The discount is larger than the lines together."))
    shares = allocate(discount, [draft["net"] for draft in drafts], currency) if drafts else []
    priced = [_priced(draft, share, currency) for draft, share in zip(drafts, shares, strict=True)]
    return Priced(
        currency=currency,
        lines=priced,
        net=sum((line.net for line in priced), ZERO),
        tax=sum((line.tax for line in priced), ZERO),
        shipping=shipping,
        cost=sum((line.cost for line in priced), ZERO),
        discount=discount,
    )


def _check_document(lines: Sequence[Any], currency: str, discount: Decimal, shipping: Decimal) -> None:
    if len(lines) > MOST_LINES:
        raise InvalidInput.of(lines=_("At most %(n)d lines.") % {"n": MOST_LINES})
    for name, value in (("discount", discount), ("shipping", shipping)):
        if not Decimal(value).is_finite() or not 0 <= value < LARGEST:
            raise InvalidInput.of(**{name: _("An amount of 0 or more, of less than 16 digits.")})
        if value != value.quantize(coin(currency)):
            raise InvalidInput.of(**{name: _("%(currency)s has no finer coin.") % {"currency": currency}})


def _before_allocation(
    index: int,
    line: Mapping[str, Any],
    *,
    currency: str,
    on: date,
    book: PriceBook | None,
    tax_percent: Decimal,
) -> dict[str, Any]:
    """The line without its share of the document's discount."""
    unknown = sorted(set(line) - LINE_KEYS)
    if unknown:
        raise _refused(index, unknown[0], _("Unknown field."))
    product: Product = line["product"]
    quantity = _number(index, "quantity", line["quantity"], places=3, top=Decimal(10) ** 9)
    if quantity <= 0:
        raise _refused(index, "quantity", _("More than 0."))
    list_price = _list_price(line, product, book, currency, on)
    asked = line.get("unit_price")
    unit_price = _number(index, "unit_price", list_price if asked is None else asked, places=6, top=Decimal(10) ** 12)
    percent = _percent(index, "discount_percent", line.get("discount_percent"))
    gross = money(quantity * unit_price, currency)
    if gross >= LARGEST:
        raise _refused(index, "quantity", _("This line is too large."))
    off = money(Fraction(gross) * Fraction(percent) / 100, currency)
    given_cost = line.get("unit_cost")
    unit_cost = cost_of(product, currency, on) if given_cost is None else given_cost
    tax = line.get("tax_percent")
    return {
        "product": product,
        "description": (line.get("description") or product.name)[:200],
        "quantity": quantity,
        "list_price": list_price if list_price is not None else unit_price,
        "unit_price": unit_price,
        "discount_percent": percent,
        "discount": off,
        "net": gross - off,
        "tax_percent": _percent(index, "tax_percent", tax_percent if tax is None else tax),
        "unit_cost": _number(index, "unit_cost", unit_cost, places=6, top=Decimal(10) ** 12),
    }


def _list_price(
    line: Mapping[str, Any], product: Product, book: PriceBook | None, currency: str, on: date
) -> Decimal | None:
    """Kept when the line carries it, else the book's; a line with its own price needs no book."""
    if line.get("list_price") is not None:
        return Decimal(line["list_price"])
    if book is None and line.get("unit_price") is not None:
        return None
    return price_of(product, book or default_book(currency, on)).list_price


def _priced(draft: Mapping[str, Any], share: Decimal, currency: str) -> PricedLine:
    net = draft["net"] - share
    return PricedLine(
        **{
            **draft,
            "net": net,
            "allocated_discount": share,
            "tax": money(Fraction(net) * Fraction(draft["tax_percent"]) / 100, currency),
            "cost": money(draft["quantity"] * draft["unit_cost"], currency),
        }
    )


def _number(index: int, name: str, value: Any, *, places: int, top: Decimal) -> Decimal:
    number = Decimal(value)
    if not number.is_finite() or not 0 <= number < top:
        raise _refused(index, name, _("A number of 0 or more, and not that large."))
    if number != number.quantize(Decimal(1).scaleb(-places)):
        raise _refused(index, name, _("At most %(n)d digits after the point.") % {"n": places})
    return number


def _percent(index: int, name: str, value: Any) -> Decimal:
    number = Decimal(value or 0)
    if not number.is_finite() or not 0 <= number <= 100:
        raise _refused(index, name, _("A percentage from 0 to 100."))
    if number != number.quantize(Decimal("0.000001")):
        raise _refused(index, name, _("At most %(n)d digits after the point.") % {"n": 6})
    return number


def _refused(index: int, name: str, message: str) -> InvalidInput:
    headline = _("Line %(n)d: %(message)s") % {"n": index + 1, "message": message}
    return InvalidInput("invalid", headline, errors=[FieldError(f"lines.{index}.{name}", "invalid", headline)])


def check_sellable(products: Sequence[Product], on: date) -> None:
    """Refuse what is not launched, past its end of sale, or retired on that day."""
    for index, product in enumerate(products):
        reason = _why_not_sold(product, on)
        if reason:
            raise _refused(index, "product", f"{product.name}: {reason}")


def _why_not_sold(product: Product, on: date) -> str:
    if product.valid_from and on < product.valid_from:
        return _("not sold before %(day)s.") % {"day": date_format(product.valid_from, "j M Y")}
    if product.end_of_sale_on and on > product.end_of_sale_on:
        return _("not sold after %(day)s.") % {"day": date_format(product.end_of_sale_on, "j M Y")}
    if product.lifecycle != Product.Lifecycle.ACTIVE:
        return _("it is %(state)s, not for sale.") % {"state": product.get_lifecycle_display().lower()}
    return ""
