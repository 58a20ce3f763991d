"""Addresses of the pages."""

from django.urls import URLPattern, path, re_path

from revops.integrations.views import changes, imports, webhooks

urlpatterns: list[URLPattern] = [
    path("imports/", imports.ImportList.as_view(), name="import-list"),
    path("imports/new/", imports.new, name="import-new"),
    path("imports/<int:pk>/", imports.detail, name="import-detail"),
    path("imports/<int:pk>/columns/", imports.columns, name="import-columns"),
    path("imports/<int:pk>/rows/<int:number>/", imports.row, name="import-row"),
    path("imports/<int:pk>/commit/", imports.commit, name="import-commit"),
    path("imports/<int:pk>/undo/", imports.undo, name="import-undo"),
    path("imports/<int:pk>/errors.csv", imports.errors, name="import-errors"),
    path("change-requests/", changes.ChangeRequestList.as_view(), name="change-request-list"),
    path("change-requests/new/", changes.new, name="change-request-new"),
    path("change-requests/<int:pk>/", changes.detail, name="change-request-detail"),
    path("change-requests/<int:pk>/edit/", changes.edit, name="change-request-edit"),
    path("change-requests/<int:pk>/measure/", changes.measure, name="change-request-measure"),
    re_path(
        r"^change-requests/(?P<pk>\d{1,18})/(?P<verb>approve|reject|complete)/$",
        changes.act,
        name="change-request-act",
    ),
    path("settings/webhooks/", webhooks.WebhookList.as_view(), name="webhook-list"),
    path("settings/webhooks/new/", webhooks.new, name="webhook-new"),
    path("settings/webhooks/<int:pk>/", webhooks.detail, name="webhook-detail"),
    path("settings/webhooks/<int:pk>/edit/", webhooks.edit, name="webhook-edit"),
    path("settings/webhooks/<int:pk>/rotate/", webhooks.rotate, name="webhook-rotate"),
    path("settings/webhooks/<int:pk>/test/", webhooks.test, name="webhook-test"),
    path("settings/webhooks/<int:pk>/replay/", webhooks.replay_failed, name="webhook-replay"),
    path("settings/webhooks/<int:pk>/deliveries/<int:message>/", webhooks.message, name="webhook-message"),
    path("settings/webhooks/<int:pk>/deliveries/<int:message>/replay/", webhooks.replay, name="webhook-message-replay"),
    re_path(
        r"^settings/webhooks/(?P<pk>\d{1,18})/(?P<verb>pause|resume|take-over|archive|restore)/$",
        webhooks.act,
        name="webhook-act",
    ),
]
