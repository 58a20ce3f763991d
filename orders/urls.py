"""Addresses of the screens."""

from django.urls import URLPattern, path, re_path

from orders.views import billing, campaigns, lists, orders

urlpatterns: list[URLPattern] = [
    path("orders/", lists.OrderList.as_view(), name="order-list"),
    path("orders/<int:pk>/", orders.detail, name="order-detail"),
    path("orders/<int:pk>/lines/", orders.edit, name="order-edit"),
    path("orders/<int:pk>/fulfil/", orders.fulfil, name="order-fulfil"),
    path("orders/<int:pk>/log/", orders.log, name="order-log"),
    path("orders/<int:pk>/invoice/", billing.draft, name="order-invoice"),
    re_path(r"^orders/(?P<pk>\d{1,18})/(?P<verb>book|cancel|close)/$", orders.act, name="order-act"),
    path("campaigns/results/", campaigns.CampaignResults.as_view(), name="campaign-results-list"),
    path("campaigns/<int:pk>/results/", campaigns.results, name="campaign-results"),
    path("billing/invoices/", lists.InvoiceList.as_view(), name="invoice-list"),
    path("billing/invoices/<int:pk>/", billing.invoice_detail, name="invoice-detail"),
    path("billing/invoices/<int:pk>/issue/", billing.issue, name="invoice-issue"),
    path("billing/invoices/<int:pk>/discard/", billing.discard, name="invoice-discard"),
    path("billing/invoices/<int:pk>/credit/", billing.credit, name="invoice-credit"),
    path("billing/payments/", lists.PaymentList.as_view(), name="payment-list"),
    path("billing/payments/new/", billing.payment_new, name="payment-new"),
    path("billing/payments/<int:pk>/", billing.payment_detail, name="payment-detail"),
    path("billing/payments/<int:pk>/allocate/", billing.allocate, name="payment-allocate"),
    path("billing/payments/<int:pk>/reverse/", billing.reverse_payment, name="payment-reverse"),
    path("billing/aging/", billing.ageing_page, name="invoice-ageing"),
]
