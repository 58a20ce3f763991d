"""Documents in the administration: to look at; actions call the services."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from orders import services
from orders.models import (
    CreditNote,
    Fulfillment,
    Invoice,
    InvoiceLine,
    Order,
    OrderLine,
    OrderSplit,
    Payment,
    PaymentAllocation,
)
from revops.core.admin import ReadOnlyAdmin
from revops.core.errors import DomainError


class ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows to look at."""

    extra = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """All of them: a form refuses to be built over a column that is not editable."""
        return list(self.fields or ())

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


class OrderLineInline(ReadOnlyInline):
    model = OrderLine
    fields = ["position", "description", "quantity", "unit_price", "discount", "net", "tax", "unit_cost", "fulfilled"]


class OrderSplitInline(ReadOnlyInline):
    model = OrderSplit
    fields = ["user", "kind", "percent", "amount"]


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ["number", "account", "owner", "status", "channel", "total", "currency", "booked_on"]
    list_filter = ["status", "channel", "booked_on"]
    list_select_related = ["account", "owner"]
    search_fields = ["number"]
    show_full_result_count = False
    inlines = [OrderLineInline, OrderSplitInline]


class InvoiceLineInline(ReadOnlyInline):
    model = InvoiceLine
    fields = ["position", "description", "quantity", "unit_price", "net", "tax_percent", "tax"]


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "account", "status", "total", "paid", "credited", "currency", "issued_on", "due_on"]
    list_filter = ["status", "issued_on", "entity"]
    list_select_related = ["account"]
    search_fields = ["number"]
    show_full_result_count = False
    inlines = [InvoiceLineInline]
    actions = ["issue"]

    @admin.action(description=_("Issue the selected drafts"))
    def issue(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> None:
        """Each in its own transaction: one that is refused stops no other."""
        for invoice in queryset.order_by("pk"):
            try:
                done = services.issue_invoice(invoice=invoice, version=invoice.version, actor=request.user)
                self.message_user(request, f"{done.number}: {done.total} {done.currency}")
            except DomainError as error:
                self.message_user(request, f"{invoice}: {error.message}", messages.ERROR)


class AllocationInline(ReadOnlyInline):
    model = PaymentAllocation
    fields = ["invoice", "amount", "created_at"]


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ["reference", "account", "status", "amount", "allocated", "currency", "received_on"]
    list_filter = ["status", "received_on"]
    list_select_related = ["account"]
    search_fields = ["reference"]
    show_full_result_count = False
    inlines = [AllocationInline]


@admin.register(CreditNote)
class CreditNoteAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "invoice", "account", "amount", "currency", "reason", "issued_on"]
    list_select_related = ["invoice", "account"]
    search_fields = ["number"]
    show_full_result_count = False


@admin.register(Fulfillment)
class FulfillmentAdmin(ReadOnlyAdmin):
    list_display = ["order", "kind", "status", "carrier", "tracking", "completed_at"]
    list_filter = ["kind", "status"]
    list_select_related = ["order"]
    show_full_result_count = False
