"""Addresses of the pages."""

from django.urls import URLPattern, path, re_path

from revops.integrations.views import changes, imports

urlpatterns: list[URLPattern] = [
    path("imports/", imports.ImportList.as_view(), name="import-list"),
    path("imports/new/", imports.new, name="import-new"),
    path("imports/<int:pk>/", imports.detail, name="import-detail"),
    path("imports/<int:pk>/columns/", imports.columns, name="import-columns"),
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
]
