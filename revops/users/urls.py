from django.urls import URLPattern, path

from revops.users.views import notices, preferences, shares, tokens

urlpatterns: list[URLPattern] = [
    path("settings/me/", preferences.preferences, name="preferences"),
    path("settings/tokens/", tokens.tokens, name="token-list"),
    path("settings/tokens/<int:pk>/revoke/", tokens.revoke_token, name="token-revoke"),
    path("settings/notifications/", notices.preferences, name="notification-settings"),
    path("notifications/", notices.notifications, name="notification-list"),
    path("notifications/bell/", notices.bell, name="notification-bell"),
    path("notifications/read/", notices.read_all, name="notification-read-all"),
    path("notifications/unsubscribe/<str:token>/", notices.unsubscribe, name="notification-unsubscribe"),
    path("notifications/<int:pk>/open/", notices.open_notification, name="notification-open"),
    path("notifications/<int:pk>/read/", notices.read_notification, name="notification-read"),
    path("access/<str:kind>/<int:pk>/", shares.access, name="record-access"),
    path("access/<str:kind>/<int:pk>/<int:share>/revoke/", shares.revoke, name="record-unshare"),
]
