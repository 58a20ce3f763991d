"""HTML input of quotes as cleaned values; prices and rules are the services' business."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opportunities.models import Quote, QuoteLine
from revops.catalog.models import PriceBook, Product
from revops.core import clock
from revops.core.errors import DomainError

NUMBERS = ("quantity", "unit_price", "discount_percent", "tax_percent")
DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
MOST_ROWS = 200


def plain(value: Any) -> str:
    """A stored number as a person would type it."""
    return f"{Decimal(value).normalize():f}"


def number_of(text: str) -> Decimal | None:
    """What a person typed, with a comma or a point; None when it is no number."""
    text = text.replace(" ", "").replace("\u00a0", "").replace("%", "")
    text = text.replace(",", "") if "." in text else text.replace(",", ".")
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


@dataclass
class Row:
    """One line as typed."""

    product: Product
    quantity: str = "1"
    unit_price: str = ""
    discount_percent: str = ""
    tax_percent: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    priced: Any = None

    @classmethod
    def of(cls, line: QuoteLine) -> "Row":
        typed: dict[str, Any] = {name: plain(getattr(line, name)) for name in NUMBERS}
        return cls(line.product, **typed)

    def clean(self) -> dict[str, Any]:
        """The line as the services take it; what is empty they copy from the catalogue."""
        asked: dict[str, Any] = {"product": self.product}
        for name in NUMBERS:
            text = getattr(self, name).strip()
            if not text and name != "quantity":
                continue
            number = number_of(text)
            if number is None:
                self.errors[name] = _("Digits, like 12.5")
            else:
                asked[name] = number
        return asked


class Lines:
    """All lines of the editor, read from repeated fields: product, quantity, unit_price …"""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = list(rows)
        self.asked: list[dict[str, Any]] = []
        self.error = ""

    @classmethod
    def of(cls, quote: Quote | None) -> "Lines":
        return cls([Row.of(line) for line in quote.lines.select_related("product")] if quote else [])

    @classmethod
    def typed(cls, data: QueryDict, viewer: Any) -> "Lines":
        """What was posted. A product that the viewer may not know is left out."""
        keys = [int(key) if key.isascii() and key.isdigit() else 0 for key in data.getlist("product")[:MOST_ROWS]]
        known = Product.objects.visible_to(viewer).in_bulk([key for key in keys if key < 2**63])
        columns = {name: data.getlist(name) for name in NUMBERS}
        rows = []
        for index, key in enumerate(keys):
            cells: dict[str, Any] = {name: _at(columns[name], index) for name in NUMBERS}
            if key in known:
                rows.append(Row(known[key], **cells))
        return cls(rows)

    def is_valid(self) -> bool:
        self.asked = [row.clean() for row in self.rows]
        return not any(row.errors for row in self.rows)

    def refuse(self, error: DomainError) -> None:
        """Put a refusal into its cell; what names no cell stands on top."""
        self.error = error.message
        for one in error.errors:
            parts = one.pointer.split(".")
            if len(parts) == 3 and parts[1].isdigit() and int(parts[1]) < len(self.rows):
                self.rows[int(parts[1])].errors[parts[2]] = one.detail

    def priced(self, lines: Sequence[Any]) -> None:
        """Show beside each line what it comes to; an empty price shows the list's."""
        for row, line in zip(self.rows, lines, strict=True):
            row.priced = line
            row.unit_price = row.unit_price or plain(line.unit_price)
            row.tax_percent = row.tax_percent or plain(line.tax_percent)


def _at(values: Sequence[str], index: int) -> str:
    return values[index][:40] if index < len(values) else ""


class QuoteForm(forms.Form):
    """What stands beside the lines."""

    price_book = forms.ModelChoiceField(queryset=PriceBook.objects.none(), label=gettext_lazy("Price book"))
    valid_until = forms.DateField(widget=DATE, label=gettext_lazy("Valid until"))
    discount = forms.DecimalField(
        min_value=0, max_digits=18, decimal_places=3, required=False, label=gettext_lazy("Discount on the whole")
    )
    shipping = forms.DecimalField(
        min_value=0, max_digits=18, decimal_places=3, required=False, label=gettext_lazy("Shipping")
    )
    terms = forms.CharField(
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=gettext_lazy("Terms"),
        help_text=gettext_lazy("Payment, delivery, cancellation: printed under the totals."),
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        books = PriceBook.objects.visible_to(viewer).filter(during__contains=clock.today())
        self.fields["price_book"].queryset = books.order_by("name")  # type: ignore[attr-defined]

    def cleaned(self) -> dict[str, Any]:
        """Values for the services; an empty amount is 0."""
        values: Mapping[str, Any] = self.cleaned_data
        return {**values, "discount": values["discount"] or Decimal(0), "shipping": values["shipping"] or Decimal(0)}


def initial_of(quote: Quote) -> dict[str, Any]:
    """The form as the quote stands."""
    return {
        "price_book": quote.price_book_id,
        "valid_until": quote.valid_until,
        "discount": plain(quote.discount) if quote.discount else "",
        "shipping": plain(quote.shipping) if quote.shipping else "",
        "terms": quote.terms,
    }


class AcceptForm(forms.Form):
    """Who said yes for the customer."""

    accepted_by_name = forms.CharField(max_length=120, label=gettext_lazy("Accepted by"))


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(max_length=400, required=False, label=gettext_lazy("Reason"))


class NoteForm(forms.Form):
    """An approver's note."""

    note = forms.CharField(
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("A refusal says what would have to change."),
    )
