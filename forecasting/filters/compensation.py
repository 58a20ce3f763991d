"""Filters of statements, ledger, plans, quotas and periods."""

import django_filters
from django.utils.translation import gettext_lazy as _

from forecasting.models.ledger import LedgerEntry
from forecasting.models.periods import FiscalPeriod
from forecasting.models.quotas import Quota
from forecasting.models.statements import Statement
from revops.core.api.filters import StrictFilterSet
from revops.users.models import Team, User


def _colleagues(request: object) -> object:
    return User.objects.visible_to(request.user)  # type: ignore[attr-defined]


def _months(request: object) -> object:
    return FiscalPeriod.objects.visible_to(request.user).order_by("-first_on")  # type: ignore[attr-defined]


class StatementFilter(StrictFilterSet):
    """Whose, which month, in which state."""

    payee = django_filters.ModelChoiceFilter(queryset=_colleagues, label=_("Payee"))
    period = django_filters.ModelChoiceFilter(queryset=_months, label=_("Month"))
    status = django_filters.ChoiceFilter(choices=Statement.Status.choices, label=_("State"))

    class Meta:
        model = Statement
        fields = ["payee", "period", "status"]


class LedgerFilter(StrictFilterSet):
    """Whose, earned or posted when, on which side."""

    payee = django_filters.ModelChoiceFilter(queryset=_colleagues)
    origin_period = django_filters.ModelChoiceFilter(queryset=_months)
    posting_period = django_filters.ModelChoiceFilter(queryset=_months)
    kind = django_filters.ChoiceFilter(choices=LedgerEntry.Kind.choices)
    account = django_filters.ChoiceFilter(choices=LedgerEntry.Account.choices)

    class Meta:
        model = LedgerEntry
        fields = ["payee", "origin_period", "posting_period", "kind", "account"]


class QuotaFilter(StrictFilterSet):
    """Whose, which period, in which state."""

    user = django_filters.ModelChoiceFilter(queryset=_colleagues, label=_("Person"))
    team = django_filters.ModelChoiceFilter(queryset=Team.objects.all(), label=_("Team"))
    period = django_filters.ModelChoiceFilter(queryset=_months, label=_("Period"))
    status = django_filters.ChoiceFilter(choices=Quota.Status.choices, label=_("State"))

    class Meta:
        model = Quota
        fields = ["user", "team", "period", "status"]


class PeriodFilter(StrictFilterSet):
    """Months, quarters or years, by state."""

    kind = django_filters.ChoiceFilter(choices=FiscalPeriod.Kind.choices)
    status = django_filters.ChoiceFilter(choices=FiscalPeriod.Status.choices)
    label = django_filters.CharFilter()

    class Meta:
        model = FiscalPeriod
        fields = ["kind", "status", "label"]


class PlanFilter(StrictFilterSet):
    """By code."""

    code = django_filters.CharFilter()
