"""Filters of cases, shared by the HTML list and the API."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from postsales.models import Priority, SupportCase
from revops.core.api.filters import StrictFilterSet
from revops.core.search import holds
from revops.users.models import User


def _accounts(request: Any) -> QuerySet[Account]:
    return Account.objects.visible_to(request.user) if request else Account.objects.none()


def _people(request: Any) -> QuerySet[User]:
    return User.objects.visible_to(request.user) if request else User.objects.none()


class CaseFilter(StrictFilterSet):
    """By text, state, priority, account, owner; whether it is unsolved, or missed a target."""

    q = django_filters.CharFilter(method="by_text", label=_("Search"))
    number = django_filters.CharFilter(label=_("Number"))
    status = django_filters.ChoiceFilter(choices=SupportCase.Status.choices, label=_("State"))
    priority = django_filters.ChoiceFilter(choices=Priority.choices, label=_("Priority"))
    channel = django_filters.ChoiceFilter(choices=SupportCase.Channel.choices, label=_("Channel"))
    account = django_filters.ModelChoiceFilter(queryset=_accounts, label=_("Account"))
    owner = django_filters.ModelChoiceFilter(queryset=_people, label=_("Owner"))
    unsolved = django_filters.BooleanFilter(method="by_unsolved", label=_("Unsolved"))
    breached = django_filters.BooleanFilter(field_name="is_breached", label=_("Missed a target"))
    mine = django_filters.BooleanFilter(method="by_mine", label=_("Mine"))

    class Meta:
        model = SupportCase
        fields: list[str] = []

    def by_text(self, queryset: QuerySet[SupportCase], name: str, value: str) -> QuerySet[SupportCase]:
        return queryset.filter(holds(value))

    def by_unsolved(self, queryset: QuerySet[SupportCase], name: str, value: bool) -> QuerySet[SupportCase]:
        condition = Q(status__in=SupportCase.UNSOLVED)
        return queryset.filter(condition if value else ~condition)

    def by_mine(self, queryset: QuerySet[SupportCase], name: str, value: bool) -> QuerySet[SupportCase]:
        condition = Q(owner=self.request.user)
        return queryset.filter(condition if value else ~condition)
