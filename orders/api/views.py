"""Orders, their fulfilments, invoices, credit notes and payments. Every money verb needs If-Match."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.hanging import ActivitiesMixin
from orders import services
from orders.api.serializers import (
    AllocateIn,
    CancelIn,
    CreditNoteIn,
    CreditNoteOut,
    FulfillmentIn,
    FulfillmentOut,
    InvoiceIn,
    InvoiceOut,
    OrderIn,
    OrderOut,
    OrderPatch,
    PaymentIn,
    PaymentOut,
    ReverseIn,
    TraceOut,
)
from orders.filters import CreditNoteFilter, FulfillmentFilter, InvoiceFilter, OrderFilter, PaymentFilter
from orders.models import Fulfillment
from orders.selectors import fulfillment_list, full, trace
from revops.core.api.views import ResourceViewSet
from revops.core.api.writes import BulkMixin, UpsertMixin
from revops.core.errors import DomainError, FieldError, InvalidInput


def coins(fields: dict[str, Any], currency: str, *names: str) -> dict[str, Any]:
    """Amounts as plain decimals once they are in the document's currency."""
    for name in names:
        value = fields.get(name)
        if value is not None:
            if value.currency != currency:
                raise DomainError("mixed_currencies", f"This is in {currency}, not in {value.currency}.")
            fields[name] = value.amount
    return fields


def own_lines(asked: Sequence[Mapping[str, Any]], lines: QuerySet[Any]) -> list[dict[str, Any]]:
    """Ids of lines as the document's own lines; a foreign one is refused like one that does not exist."""
    known = {line.pk: line for line in lines}
    for index, row in enumerate(asked):
        if row["line"] not in known:
            detail = "There is no such line here."
            raise InvalidInput("invalid", detail, errors=[FieldError(f"lines.{index}.line", "does_not_exist", detail)])
    return [{**row, "line": known[row["line"]]} for row in asked]


class OrderViewSet(ActivitiesMixin, BulkMixin, UpsertMixin):
    """Closed sales and their drafts."""

    resource = "orders"
    selector = staticmethod(full.orders)
    out = OrderOut
    create_in, change_in = OrderIn, OrderPatch
    needs_tag = True
    upsert = staticmethod(services.upsert_order)
    rights = {
        "create": "orders.add_order",
        "partial_update": "orders.change_order",
        **dict.fromkeys(("book", "cancel"), "orders.book_order"),
        "close": "orders.fulfil_order",
        "activities": "orders.view_order",
    }
    filterset_class = OrderFilter
    sort_fields = {"id": "id", "number": "number", "booked_on": "booked_on", "total": "total"}

    def create(self, request: Request) -> Response:
        """A draft order."""
        fields = self.read(OrderIn)
        coins(fields, fields["currency"], "discount", "shipping")
        return self.again(services.create_order(actor=request.user, **fields), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a draft; `lines` replaces all lines."""
        order, version = self.record(pk), self.shown_version(request, required=True)
        fields = coins(self.read(OrderPatch), order.currency, "discount", "shipping")
        return self.again(services.update_order(order=order, version=version, actor=request.user, **fields))

    def facts(self, given: dict[str, Any]) -> dict[str, Any]:
        """Amounts as plain decimals once they are in the order's currency."""
        return coins(given, given.get("currency", "USD"), "discount", "shipping")

    def _verb(self, request: Request, pk: str, service: Callable[..., Any], **fields: Any) -> Response:
        order, version = self.record(pk), self.shown_version(request, required=True)
        return self.again(service(order=order, version=version, actor=request.user, **fields))

    @extend_schema(request=None, responses=OrderOut)
    @action(detail=True, methods=["post"])
    def book(self, request: Request, pk: str) -> Response:
        """Close the sale."""
        return self._verb(request, pk, services.book_order)

    @extend_schema(request=CancelIn, responses=OrderOut)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel what was neither delivered nor billed."""
        return self._verb(request, pk, services.cancel_order, **self.read(CancelIn))

    @extend_schema(request=None, responses=OrderOut)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """File an order of which everything was delivered."""
        return self._verb(request, pk, services.close_order)

    @extend_schema(responses=TraceOut)
    @action(detail=True, methods=["get"])
    def trace(self, request: Request, pk: str) -> Response:
        """From quote to cash: seven instants and the time between them."""
        steps = [
            {"key": step.key, "at": step.at, "seconds": int(step.took.total_seconds()) if step.took else None}
            for step in trace(self.record(pk))
        ]
        return Response(TraceOut({"steps": steps}).data)


class FulfillmentViewSet(ResourceViewSet):
    """Shipments and activations of one order: /orders/{order}/fulfillments."""

    resource = "orders"
    meta_key = "fulfillments"
    selector = staticmethod(fulfillment_list)
    out = FulfillmentOut
    create_in = FulfillmentIn
    needs_tag = True
    rights = {"create": "orders.fulfil_order"}
    filterset_class = FulfillmentFilter

    def get_queryset(self) -> QuerySet[Fulfillment]:
        rows = super().get_queryset()
        return rows if getattr(self, "swagger_fake_view", False) else rows.filter(order=self._order_record())

    def _order_record(self) -> Any:
        return OrderViewSet.record(self._orders(), self.kwargs["order"])

    def _orders(self) -> OrderViewSet:
        return OrderViewSet(request=self.request, format_kwarg=None, kwargs=self.kwargs)

    def create(self, request: Request, order: str) -> Response:
        """Deliver; answers with the order. If-Match is the order's."""
        record, version = self._order_record(), self.shown_version(request, required=True)
        fields = self.read(FulfillmentIn)
        lines = own_lines(fields.pop("lines"), record.lines.all())
        done = services.fulfil_order(order=record, lines=lines, version=version, actor=request.user, **fields)
        return self._orders().again(done, 201)


class InvoiceViewSet(BulkMixin):
    """Bills."""

    resource = "invoices"
    selector = staticmethod(full.invoices)
    out = InvoiceOut
    create_in = InvoiceIn
    needs_tag = True
    rights = dict.fromkeys(("create", "issue", "credit"), "orders.issue_invoice")
    filterset_class = InvoiceFilter
    sort_fields = {"id": "id", "number": "number", "due_on": "due_on", "issued_on": "issued_on"}

    def create(self, request: Request) -> Response:
        """A draft over what was not billed yet."""
        fields = self.read(InvoiceIn)
        order, lines = fields["order"], None
        if "lines" in fields:
            asked = [{"line": key} for key in fields["lines"]]
            lines = [row["line"] for row in own_lines(asked, order.lines.all())]
        return self.again(services.draft_invoice(order=order, actor=request.user, lines=lines), 201)

    @extend_schema(request=None, responses=InvoiceOut)
    @action(detail=True, methods=["post"])
    def issue(self, request: Request, pk: str) -> Response:
        """Give it its number and its due date."""
        invoice, version = self.record(pk), self.shown_version(request, required=True)
        return self.again(services.issue_invoice(invoice=invoice, version=version, actor=request.user))

    @extend_schema(request=CreditNoteIn, responses={201: CreditNoteOut})
    @action(detail=True, methods=["post"], url_path="credit-notes")
    def credit(self, request: Request, pk: str) -> Response:
        """Take back a part, or all that is left; all of it voids the invoice."""
        invoice, version = self.record(pk), self.shown_version(request, required=True)
        fields = coins(self.read(CreditNoteIn), invoice.currency, "amount")
        lines = own_lines(fields.pop("lines", []), invoice.lines.all())
        note = services.issue_credit_note(invoice=invoice, version=version, actor=request.user, lines=lines, **fields)
        headers = {"ETag": f'"{note.version}"', "Location": f"/api/v1/credit-notes/{note.pk}"}
        return Response(CreditNoteOut(note).data, status=201, headers=headers)


class PaymentViewSet(BulkMixin):
    """Money received."""

    resource = "payments"
    selector = staticmethod(full.payments)
    out = PaymentOut
    create_in = PaymentIn
    needs_tag = True
    rights = dict.fromkeys(("create", "allocate", "reverse"), "orders.add_payment")
    filterset_class = PaymentFilter
    sort_fields = {"id": "id", "received_on": "received_on"}

    def create(self, request: Request) -> Response:
        """Book a payment; the same reference again answers with the first."""
        fields = self.read(PaymentIn)
        money = fields.pop("amount")
        payment = services.receive_payment(actor=request.user, amount=money.amount, currency=money.currency, **fields)
        return self.again(payment, 201)

    @extend_schema(request=AllocateIn, responses=PaymentOut)
    @action(detail=True, methods=["post"])
    def allocate(self, request: Request, pk: str) -> Response:
        """Settle an invoice with it."""
        payment, version = self.record(pk), self.shown_version(request, required=True)
        fields = coins(self.read(AllocateIn), payment.currency, "amount")
        done = services.allocate_payment(
            payment=payment,
            invoice=fields["invoice"],
            amount=fields.get("amount"),
            version=version,
            actor=request.user,
        )
        return self.again(done)

    @extend_schema(request=ReverseIn, responses=PaymentOut)
    @action(detail=True, methods=["post"])
    def reverse(self, request: Request, pk: str) -> Response:
        """The bank took it back."""
        payment, version = self.record(pk), self.shown_version(request, required=True)
        reason = self.read(ReverseIn)["reason"]
        return self.again(services.reverse_payment(payment=payment, version=version, actor=request.user, reason=reason))


class CreditNoteViewSet(ResourceViewSet):
    """What was taken back; written by POST /invoices/{id}/credit-notes."""

    resource = "credit-notes"
    selector = staticmethod(full.credit_notes)
    out = CreditNoteOut
    needs_tag = True
    filterset_class = CreditNoteFilter
    sort_fields = {"id": "id", "number": "number"}
