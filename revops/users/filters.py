"""Filters of people and teams."""

import django_filters
from django.db.models import Q, QuerySet

from revops.core.api.filters import StrictFilterSet
from revops.users.models import Notification, Team, User


class UserFilter(StrictFilterSet):
    """By name, role, state."""

    q = django_filters.CharFilter(method="by_name")
    username = django_filters.CharFilter()
    email = django_filters.CharFilter(lookup_expr="iexact")
    role = django_filters.CharFilter(field_name="groups__name")
    is_active = django_filters.BooleanFilter()

    class Meta:
        model = User
        fields: list[str] = []

    def by_name(self, queryset: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        starts = Q(first_name__istartswith=value) | Q(last_name__istartswith=value)
        return queryset.filter(starts | Q(username__istartswith=value) | Q(email__istartswith=value))


class TeamFilter(StrictFilterSet):
    """By name."""

    name = django_filters.CharFilter(lookup_expr="iexact")

    class Meta:
        model = Team
        fields: list[str] = []


class NotificationFilter(StrictFilterSet):
    """By kind; read or not."""

    kind = django_filters.CharFilter()
    unread = django_filters.BooleanFilter(field_name="read_at", lookup_expr="isnull")

    class Meta:
        model = Notification
        fields: list[str] = []
