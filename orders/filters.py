"""Filters of orders and billing, shared by page and API."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.filters import OfAccount
from accounts.models import Account
from opportunities.models import Opportunity, Quote
from orders.models import CreditNote, Fulfillment, Invoice, Order, Payment
from orders.selectors.invoices import payers
from revops.core import clock
from revops.core.api.filters import AllOf, NumbersIn, StrictFilterSet
from revops.core.search import holds, one_of
from revops.core.widgets import ChosenOnly
from revops.users.models import User


def _seen(model: Any) -> Any:
    return lambda request: model.objects.visible_to(request.user) if request else model.objects.none()


def _of_any_order(model: Any) -> Any:
    """Who sees every order may ask for the orders of any account or deal."""

    def rows(request: Any) -> Any:
        whole = request is not None and request.user.has_perm("orders.view_all_orders")
        return model._default_manager.all() if whole else _seen(model)(request)

    return rows


def _payers(request: Any) -> QuerySet[Account]:
    return payers(viewer=request.user) if request else Account.objects.none()


class OrderFilter(StrictFilterSet):
    """Names and values that the list and the API accept."""

    q = filters.CharFilter(method="search", label=_("Search"))
    status = filters.ChoiceFilter(choices=Order.Status.choices, label=_("State"))
    status__in = AllOf(field_name="status", lookup_expr="in", widget=ChosenOnly, label=_("States"))
    channel = filters.ChoiceFilter(choices=Order.Channel.choices, label=_("Channel"))
    owner = filters.ModelChoiceFilter(queryset=_seen(User), label=_("Owner"))
    split = filters.ModelChoiceFilter(field_name="splits__user", queryset=_seen(User), label=_("Credit of"))
    split__in = NumbersIn(method="credited", widget=ChosenOnly, label=_("Credit of any"))
    account = OfAccount(queryset=_of_any_order(Account), widget=ChosenOnly, label=_("Account"))
    opportunity = filters.ModelChoiceFilter(
        queryset=_of_any_order(Opportunity), widget=ChosenOnly, label=_("Opportunity")
    )
    quote = filters.ModelChoiceFilter(queryset=_of_any_order(Quote), widget=ChosenOnly, label=_("Quote"))
    region = filters.CharFilter(lookup_expr="iexact", max_length=80, label=_("Region"))
    booked_on__gte = filters.DateFilter(field_name="booked_on", lookup_expr="gte", label=_("Booked from"))
    booked_on__lte = filters.DateFilter(field_name="booked_on", lookup_expr="lte", label=_("Booked to"))

    def search(self, rows: QuerySet[Order], _name: str, text: str) -> QuerySet[Order]:
        text = text.strip()[:100]
        return rows.filter(holds(text) | one_of("account", Account.objects.filter(holds(text))))

    def credited(self, rows: QuerySet[Order], _name: str, people: list[Any]) -> QuerySet[Order]:
        return rows.filter(splits__user_id__in=people).distinct() if people else rows

    class Meta:
        model = Order
        fields: list[str] = []


class FulfillmentFilter(StrictFilterSet):
    """Shipments or activations."""

    kind = filters.ChoiceFilter(choices=Fulfillment.Kind.choices, label=_("Kind"))

    class Meta:
        model = Fulfillment
        fields: list[str] = []


class InvoiceFilter(StrictFilterSet):
    """Names and values that the list and the API accept."""

    q = filters.CharFilter(method="search", label=_("Search"))
    status = filters.ChoiceFilter(choices=Invoice.Status.choices, label=_("State"))
    status__in = AllOf(field_name="status", lookup_expr="in", widget=ChosenOnly, label=_("States"))
    account = OfAccount(queryset=_payers, widget=ChosenOnly, label=_("Account"))
    order = filters.ModelChoiceFilter(queryset=_seen(Order), widget=ChosenOnly, label=_("Order"))
    currency = filters.CharFilter(max_length=3, label=_("Currency"))
    open = filters.BooleanFilter(method="still_open", label=_("Open"))
    overdue = filters.BooleanFilter(method="past_due", label=_("Overdue"))
    issued_on__gte = filters.DateFilter(field_name="issued_on", lookup_expr="gte", label=_("Issued from"))
    issued_on__lte = filters.DateFilter(field_name="issued_on", lookup_expr="lte", label=_("Issued to"))
    due_on__gte = filters.DateFilter(field_name="due_on", lookup_expr="gte", label=_("Due from"))
    due_on__lte = filters.DateFilter(field_name="due_on", lookup_expr="lte", label=_("Due to"))

    def search(self, rows: QuerySet[Invoice], _name: str, text: str) -> QuerySet[Invoice]:
        text = text.strip()[:100]
        named = one_of("account", Account.objects.filter(holds(text)))
        return rows.filter(holds(text) | named | one_of("order", Order.objects.filter(holds(text))))

    def still_open(self, rows: Any, _name: str, wanted: bool) -> Any:
        return rows.unpaid() if wanted else rows.exclude(pk__in=rows.unpaid().values("pk"))

    def past_due(self, rows: Any, _name: str, wanted: bool) -> Any:
        late = rows.unpaid().filter(due_on__lt=clock.today())
        return late if wanted else rows.exclude(pk__in=late.values("pk"))

    class Meta:
        model = Invoice
        fields: list[str] = []


class PaymentFilter(StrictFilterSet):
    """Names and values that the list and the API accept."""

    status = filters.ChoiceFilter(choices=Payment.Status.choices, label=_("State"))
    account = OfAccount(queryset=_payers, widget=ChosenOnly, label=_("Account"))
    reference = filters.CharFilter(max_length=80, label=_("Reference"))
    received_on__gte = filters.DateFilter(field_name="received_on", lookup_expr="gte", label=_("Received from"))
    received_on__lte = filters.DateFilter(field_name="received_on", lookup_expr="lte", label=_("Received to"))

    class Meta:
        model = Payment
        fields: list[str] = []


class CreditNoteFilter(StrictFilterSet):
    """By invoice or account."""

    invoice = filters.ModelChoiceFilter(queryset=_seen(Invoice), widget=ChosenOnly, label=_("Invoice"))
    account = OfAccount(queryset=_payers, widget=ChosenOnly, label=_("Account"))

    class Meta:
        model = CreditNote
        fields: list[str] = []
