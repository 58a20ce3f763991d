"""Filters of quotes and approvals, shared by page and API."""

from datetime import timedelta
from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from opportunities.models import ApprovalRequest, ApprovalRule, Opportunity, Quote
from revops.core import clock
from revops.core.api.filters import AllOf, StrictFilterSet
from revops.core.search import holds, one_of
from revops.core.widgets import ChosenOnly
from revops.users.models import User

SOON = timedelta(days=7)


def _seen(model: Any) -> Any:
    return lambda request: model.objects.visible_to(request.user) if request else model.objects.none()


class QuoteFilter(StrictFilterSet):
    """Names and values that the list and the API accept."""

    q = filters.CharFilter(method="search", label=_("Search"))
    status = filters.ChoiceFilter(choices=Quote.Status.choices, label=_("State"))
    status__in = AllOf(field_name="status", lookup_expr="in", widget=ChosenOnly, label=_("States"))
    owner = filters.ModelChoiceFilter(field_name="opportunity__owner", queryset=_seen(User), label=_("Owner"))
    account = filters.ModelChoiceFilter(
        field_name="opportunity__account", queryset=_seen(Account), widget=ChosenOnly, label=_("Account")
    )
    opportunity = filters.ModelChoiceFilter(queryset=_seen(Opportunity), widget=ChosenOnly, label=_("Opportunity"))
    valid_until__gte = filters.DateFilter(field_name="valid_until", lookup_expr="gte", label=_("Valid from"))
    valid_until__lte = filters.DateFilter(field_name="valid_until", lookup_expr="lte", label=_("Valid to"))
    ends_soon = filters.BooleanFilter(method="ending", label=_("Ends within 7 days"))

    def search(self, rows: QuerySet[Quote], _name: str, text: str) -> QuerySet[Quote]:
        text = text.strip()[:100]
        named = holds(text) | one_of("account", Account.objects.filter(holds(text)))
        return rows.filter(holds(text) | one_of("opportunity", Opportunity.objects.filter(named)))

    def ending(self, rows: QuerySet[Quote], _name: str, wanted: bool) -> QuerySet[Quote]:
        today = clock.today()
        soon = Q(status=Quote.Status.SENT, valid_until__lte=today + SOON)
        return rows.filter(soon) if wanted else rows.exclude(soon)

    class Meta:
        model = Quote
        fields: list[str] = []


class ApprovalFilter(StrictFilterSet):
    """Whose turn, and in which state."""

    status = filters.ChoiceFilter(choices=ApprovalRequest.Status.choices, label=_("State"))
    quote = filters.ModelChoiceFilter(queryset=_seen(Quote), widget=ChosenOnly, label=_("Quote"))
    mine = filters.BooleanFilter(method="waiting", label=_("Waiting for me"))

    def waiting(self, rows: Any, _name: str, wanted: bool) -> Any:
        return rows.waiting_for(self.request.user) if wanted else rows

    class Meta:
        model = ApprovalRequest
        fields: list[str] = []


class RuleFilter(StrictFilterSet):
    """Rules in force or not."""

    is_active = filters.BooleanFilter(label=_("Active"))

    class Meta:
        model = ApprovalRule
        fields: list[str] = []
