"""HTML input of orders and billing as cleaned values."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.selectors import family_of
from orders.models import Invoice, Order, OrderLine
from orders.selectors import payers
from revops.catalog.models import Product
from revops.core import clock
from revops.core.errors import DomainError
from revops.core.money import currencies

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
AMOUNT: dict[str, Any] = {"max_digits": 18, "decimal_places": 3, "min_value": Decimal("0.001")}
PERCENT: dict[str, Any] = {"max_digits": 9, "decimal_places": 6, "min_value": 0, "max_value": 100, "required": False}


def refused(form: forms.BaseForm, error: DomainError) -> None:
    """Put a refusal beside its fields, or on top when it names none of the form's."""
    if not error.errors:
        form.add_error(None, error.message)
    for one in error.errors:
        form.add_error(one.pointer if one.pointer in form.fields else None, one.detail)


class FulfilForm(forms.Form):
    """One quantity for each line of which something is left."""

    carrier = forms.CharField(max_length=80, required=False, label=_("Carrier"))
    tracking = forms.CharField(max_length=80, required=False, label=_("Tracking number"))

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = [line for line in order.lines.select_related("product") if line.unfulfilled > 0]
        for line in self.lines:
            self.fields[f"line_{line.pk}"] = forms.DecimalField(
                max_digits=12,
                decimal_places=3,
                min_value=0,
                required=False,
                label=line.description,
                initial=f"{line.unfulfilled.normalize():f}",
            )

    def rows(self) -> list[tuple[OrderLine, Any]]:
        return [(line, self[f"line_{line.pk}"]) for line in self.lines]

    def asked(self) -> list[dict[str, Any]]:
        """Lines with a quantity."""
        pairs = [(line, self.cleaned_data.get(f"line_{line.pk}")) for line in self.lines]
        return [{"line": line, "quantity": quantity} for line, quantity in pairs if quantity]

    def refuse(self, error: DomainError) -> None:
        """The lines' refusals beside their cells."""
        asked = self.asked()
        for one in error.errors:
            parts = one.pointer.split(".")
            known = len(parts) == 3 and parts[1].isdigit() and int(parts[1]) < len(asked)
            self.add_error(f"line_{asked[int(parts[1])]['line'].pk}" if known else None, one.detail)
        if not error.errors:
            self.add_error(None, error.message)


class OrderLineForm(forms.Form):
    """A line of a draft order; quantity 0 takes it away."""

    product = forms.ModelChoiceField(queryset=Product.objects.none(), required=False, label=_("Product"))
    quantity = forms.DecimalField(max_digits=12, decimal_places=3, min_value=0, required=False, label=_("Quantity"))
    unit_price = forms.DecimalField(max_digits=18, decimal_places=6, min_value=0, required=False, label=_("Price"))
    discount_percent = forms.DecimalField(label=_("Discount %"), **PERCENT)
    tax_percent = forms.DecimalField(label=_("Tax %"), **PERCENT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].queryset = Product.objects.sellable(clock.today())  # type: ignore[attr-defined]
        if self.initial.get("product"):
            self.fields["product"].queryset = Product.objects.all()  # type: ignore[attr-defined]


OrderLines = forms.formset_factory(OrderLineForm, extra=3, max_num=203)


def asked_lines(formset: Any) -> list[dict[str, Any]]:
    """Lines as the services take them."""
    rows = [row for row in formset.cleaned_data if row.get("product") and row.get("quantity")]
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(max_length=200, label=_("Reason"))


class CreditForm(ReasonForm):
    """How much is taken back; nothing means all that is left."""

    amount = forms.DecimalField(
        required=False, label=_("Amount"), help_text=_("Empty: all of it, which voids the invoice."), **AMOUNT
    )


class PaymentForm(forms.Form):
    """Money that came in."""

    account = forms.ModelChoiceField(queryset=Order.objects.none(), label=_("Account"))
    amount = forms.DecimalField(label=_("Amount"), **AMOUNT)
    currency = forms.ChoiceField(choices=lambda: [(code, code) for code in sorted(currencies())], label=_("Currency"))
    reference = forms.CharField(
        max_length=80, label=_("Bank reference"), help_text=_("A payment is booked once under its reference.")
    )
    received_on = forms.DateField(widget=DATE, label=_("Received on"))
    invoice = forms.ModelChoiceField(
        queryset=Invoice.objects.none(), required=False, label=_("Settles"), empty_label=_("nothing yet")
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account = self.data.get("account") or self.initial.get("account")
        chosen = payers(viewer=viewer)
        self.fields["account"].queryset = chosen.order_by("name", "pk")  # type: ignore[attr-defined]
        self.fields["account"].widget.attrs["data-pick"] = ""
        bills = Invoice.objects.visible_to(viewer).unpaid()
        if account and str(account).isdigit():
            bills = bills.filter(account__in=family_of(int(account)))
        self.fields["invoice"].queryset = bills.select_related("account").order_by("due_on", "pk")  # type: ignore[attr-defined]
        self.fields["invoice"].label_from_instance = _open_bill  # type: ignore[attr-defined]


def _open_bill(invoice: Invoice) -> str:
    return f"{invoice.number}, {invoice.account.name}, {invoice.open_money.format()}"


class AllocateForm(forms.Form):
    """Which invoice, and how much of it; nothing means as much as fits."""

    invoice = forms.ModelChoiceField(queryset=Invoice.objects.none(), label=_("Invoice"))
    amount = forms.DecimalField(required=False, label=_("Amount"), help_text=_("Empty: as much as fits."), **AMOUNT)

    def __init__(self, *args: Any, bills: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["invoice"].queryset = bills  # type: ignore[attr-defined]
        self.fields["invoice"].label_from_instance = _open_bill  # type: ignore[attr-defined]


class AsOfForm(forms.Form):
    """From which day the ageing looks."""

    as_of = forms.DateField(widget=DATE, required=False, label=_("As of"))
