"""Addresses of the API."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from orders.api import views

router = SimpleRouter(trailing_slash=False)
router.register("orders", views.OrderViewSet, basename="api-orders")
router.register("invoices", views.InvoiceViewSet, basename="api-invoices")
router.register("payments", views.PaymentViewSet, basename="api-payments")
router.register("credit-notes", views.CreditNoteViewSet, basename="api-credit-notes")

urlpatterns: list[URLPattern | URLResolver] = [
    *router.urls,
    path(
        "orders/<int:order>/fulfillments",
        views.FulfillmentViewSet.as_view({"get": "list", "post": "create"}),
        name="api-order-fulfillments",
    ),
]
