"""Every address of the product: each room lists its own, this file lists the rooms."""

from allauth.account import views as account_views
from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import Http404
from django.urls import include, path
from django.views.defaults import page_not_found
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from revops.core.api.views import NoSuchAddress
from revops.users.views import oidc
from revops.users.views.offboarding import offboarding

API_ROOMS = [
    "revops.core.api.urls",
    "revops.users.api.urls",
    "revops.integrations.api.urls",
    "revops.catalog.api.urls",
    "accounts.api.urls",
    "leads.api.urls",
    "opportunities.api.urls",
    "orders.api.urls",
    "postsales.api.urls",
    "forecasting.api.urls",
]
PAGE_ROOMS = [
    "revops.core.urls",
    "revops.users.urls",
    "revops.integrations.urls",
    "revops.catalog.urls",
    "accounts.urls",
    "leads.urls",
    "opportunities.urls",
    "orders.urls",
    "postsales.urls",
    "forecasting.urls",
]

handler500 = "revops.core.views.health.broken"

# The admin's own form knows neither the rate limit nor the second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("admin/offboarding/<int:pk>/", offboarding, name="offboarding"),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api_docs"),
    *(path("api/v1/", include(room)) for room in API_ROOMS),
    path("api/v1/<path:address>", NoSuchAddress.as_view({"get": "http_method_not_allowed"})),
    *(path("", include(room)) for room in PAGE_ROOMS),
    path("login/", account_views.login, name="account_login"),
    path("login/<slug:provider_id>/", oidc.login, name="openid_connect_login"),
    path("login/<slug:provider_id>/callback/", oidc.callback, name="openid_connect_callback"),
    path("logout/", account_views.logout, name="account_logout"),
    # People are invited by an administrator; allauth's pages still reverse this name.
    path("account/signup/", page_not_found, {"exception": Http404()}, name="account_signup"),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("account/", include("allauth.account.urls")),
]
