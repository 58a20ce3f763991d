from django.urls import URLPattern, path

from revops.users import views

urlpatterns: list[URLPattern] = [
    path("settings/tokens/", views.tokens, name="token-list"),
    path("settings/tokens/<int:pk>/revoke/", views.revoke_token, name="token-revoke"),
]
