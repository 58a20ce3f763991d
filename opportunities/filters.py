"""One filter for board, list, export and API. What "this month" means hangs on `as_of`."""

from datetime import date, timedelta
from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.forms import HiddenInput
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from accounts.filters import Archived
from accounts.models import Account
from opportunities.models import Category, Opportunity, Stage
from opportunities.selectors import attention
from revops.core import clock
from revops.core.api.filters import AllOf, NumbersIn, StrictFilterSet
from revops.core.organisation import month_of, organisation, quarter_of
from revops.core.search import holds, one_of
from revops.core.widgets import ChosenOnly
from revops.users.models import Team, User
from revops.users.selectors import people_of

CLOSES = (
    ("this_month", _("this month")),
    ("next_month", _("next month")),
    ("this_quarter", _("this quarter")),
    ("passed", _("passed")),
    ("none", _("no date")),
)
NEXT = (("late", _("overdue")), ("today", _("today")), ("later", _("later")), ("none", _("nothing planned")))


def stage_choices() -> list[tuple[str, str]]:
    """The default pipeline's stages first, then others' keys that it lacks."""
    found: dict[str, str] = {}
    for key, label in Stage.objects.order_by("-pipeline__is_default", "pipeline_id", "position").values_list(
        "key", "label"
    ):
        found.setdefault(key, label)
    return list(found.items())


def colleagues(request: Any) -> QuerySet[User]:
    return User.objects.visible_to(request.user) if request else User.objects.none()


def seen_accounts(request: Any) -> QuerySet[Account]:
    return Account.objects.visible_to(request.user) if request else Account.objects.none()


def teams(request: Any) -> QuerySet[Team]:
    return Team.objects.all() if request and request.user.is_authenticated else Team.objects.none()


class OpportunityFilter(StrictFilterSet):
    """Names and values that board, list and API accept."""

    q = filters.CharFilter(method="search", label=_("Search"))
    stage = filters.ChoiceFilter(field_name="stage__key", label=_("Stage"))
    stage__in = AllOf(widget=HiddenInput, field_name="stage__key", lookup_expr="in", label=_("Stages"))
    status = filters.ChoiceFilter(choices=Opportunity.Status.choices, label=_("State"))
    owner = filters.ModelChoiceFilter(queryset=colleagues, label=_("Owner"))
    owner__in = NumbersIn(widget=HiddenInput, field_name="owner_id", lookup_expr="in", label=_("Owners"))
    team = filters.ModelChoiceFilter(queryset=teams, method="of_team", label=_("Team"))
    account = filters.ModelChoiceFilter(
        queryset=seen_accounts,
        widget=ChosenOnly(attrs={"data-pick": "", "data-pick-url": reverse_lazy("opportunity-accounts")}),
        label=_("Account"),
    )
    category = filters.ChoiceFilter(choices=Category.choices, label=_("Forecast"))
    kind = filters.ChoiceFilter(choices=Opportunity.Kind.choices, label=_("Kind"))
    close = filters.ChoiceFilter(choices=CLOSES, method="closing", label=_("Close date"))
    close_on = filters.DateFilter(label=_("Closes on"))
    close_on__gte = filters.DateFilter(field_name="close_on", lookup_expr="gte", label=_("Closes from"))
    close_on__lte = filters.DateFilter(field_name="close_on", lookup_expr="lte", label=_("Closes until"))
    closed_on__gte = filters.DateFilter(field_name="closed_on", lookup_expr="gte", label=_("Closed from"))
    closed_on__lte = filters.DateFilter(field_name="closed_on", lookup_expr="lte", label=_("Closed until"))
    amount__gte = filters.NumberFilter(field_name="amount", lookup_expr="gte", label=_("Amount from"))
    amount__lte = filters.NumberFilter(field_name="amount", lookup_expr="lte", label=_("Amount to"))
    next = filters.ChoiceFilter(choices=NEXT, method="next_action", label=_("Next action"))
    archived = Archived(label=_("Archived"))
    ageing = filters.BooleanFilter(method="only_ageing", label=_("Ageing"))
    as_of = filters.DateFilter(method="unchanged", widget=HiddenInput, label=_("As of"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["stage"].extra["choices"] = stage_choices()  # stages are rows

    def today(self) -> date:
        """The day from which this page looks."""
        return self.form.cleaned_data.get("as_of") or clock.today()

    def search(self, rows: QuerySet[Opportunity], _name: str, text: str) -> QuerySet[Opportunity]:
        text = text.strip()[:100]
        found = holds(text) | one_of("account", Account.objects.filter(holds(text)))
        number = text.upper().removeprefix("OPP-")
        if number.isascii() and number.isdigit() and len(number) < 16:
            found |= Q(pk=int(number))
        return rows.filter(found)

    def of_team(self, rows: QuerySet[Opportunity], _name: str, team: Team) -> QuerySet[Opportunity]:
        return rows.filter(owner__in=people_of(team, self.today()).values("pk"))

    def closing(self, rows: QuerySet[Opportunity], _name: str, when: str) -> QuerySet[Opportunity]:
        today = self.today()
        if when == "none":
            return rows.filter(close_on__isnull=True)
        if when == "passed":
            return rows.filter(close_on__lt=today)
        if when == "this_quarter":
            span = quarter_of(today, organisation().fiscal_year_starts_in)
        elif when == "next_month":
            span = month_of(month_of(today).last + timedelta(days=1))
        else:
            span = month_of(today)
        return rows.filter(close_on__range=(span.first, span.last))

    def next_action(self, rows: QuerySet[Opportunity], _name: str, when: str) -> QuerySet[Opportunity]:
        return rows.filter(attention.next_is(when, clock.now()), status=Opportunity.Status.OPEN)

    def only_ageing(self, rows: QuerySet[Opportunity], _name: str, wanted: bool) -> QuerySet[Opportunity]:
        return attention.ageing(rows, clock.now()) if wanted else rows

    def unchanged(self, rows: QuerySet[Opportunity], _name: str, _value: date) -> QuerySet[Opportunity]:
        return rows
