"""What lists and the API may ask of accounts, contacts and activities."""

from datetime import datetime, time, timedelta
from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.forms import HiddenInput
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.keys import email_key
from accounts.models import (
    Account,
    Activity,
    CapturedParticipant,
    Channel,
    Contact,
    Document,
    Territory,
    TerritoryAssignment,
    TerritoryModel,
)
from accounts.pegs import peg_of
from accounts.selectors.companies import family_of
from accounts.selectors.completeness import ACCOUNT_FACTS, CONTACT_FACTS, without_contact
from accounts.selectors.documents import found_in_documents
from accounts.shelves import shelf_of
from revops.core import clock
from revops.core.api.filters import AllOf, NumbersIn, StrictFilterSet
from revops.core.search import holds, one_of
from revops.core.widgets import ChosenOnly
from revops.users.models import User

DUE = (("late", _("overdue")), ("today", _("today")), ("later", _("later")))


def colleagues(request: Any) -> QuerySet[User]:
    return User.objects.visible_to(request.user) if request else User.objects.none()


def seen_accounts(request: Any) -> QuerySet[Account]:
    return Account.objects.visible_to(request.user) if request else Account.objects.none()


def seen_channels(request: Any) -> QuerySet[Channel]:
    return Channel.objects.visible_to(request.user) if request else Channel.objects.none()


def seen_contacts(request: Any) -> QuerySet[Contact]:
    return Contact.objects.visible_to(request.user) if request else Contact.objects.none()


class MineFilter(filters.BooleanFilter):
    """`mine=true`: rows that the viewer owns."""

    def filter(self, rows: QuerySet[Any], value: bool | None) -> QuerySet[Any]:
        request = self.parent.request
        return rows.filter(owner=request.user) if value and request else rows


class OfAccount(filters.ModelChoiceFilter):
    """Rows of an account, and of what was merged into it: what was issued stays under the old name."""

    def filter(self, rows: QuerySet[Any], value: Account | None) -> QuerySet[Any]:
        return rows.filter(account_id__in=family_of(value.pk)) if value else rows


class Archived(filters.BooleanFilter):
    """Archived rows show only when they are asked for."""

    def filter(self, rows: QuerySet[Any], value: bool | None) -> QuerySet[Any]:
        return rows.filter(archived_at__isnull=not value)


ACCOUNTS_LACK = (*ACCOUNT_FACTS, ("contact", _("A contact")))


class AccountFilter(StrictFilterSet):
    """Names and values that the account list and the API accept."""

    q = filters.CharFilter(method="search", label=_("Search"))
    mine = MineFilter(label=_("Mine"))
    owner = filters.ModelChoiceFilter(queryset=colleagues, label=_("Owner"))
    owner__in = NumbersIn(field_name="owner_id", lookup_expr="in", widget=HiddenInput, label=_("Owners"))
    parent = filters.ModelChoiceFilter(queryset=seen_accounts, widget=ChosenOnly, label=_("Parent"))
    territory = filters.ModelChoiceFilter(queryset=Territory.objects.all(), label=_("Territory"))
    channel = filters.ModelChoiceFilter(queryset=seen_channels, label=_("Channel"))
    unassigned = filters.ChoiceFilter(
        choices=(("tie", _("several fit equally")), ("none", _("none fits"))),
        method="in_no_territory",
        label=_("In no territory"),
    )
    industry = filters.CharFilter(lookup_expr="iexact", label=_("Industry"))
    tier = filters.CharFilter(label=_("Tier"))
    segment = filters.CharFilter(lookup_expr="iexact", label=_("Segment"))
    country = filters.CharFilter(lookup_expr="iexact", label=_("Country"))
    kind = filters.ChoiceFilter(choices=Account.Kind.choices, label=_("Kind"))
    employees__gte = filters.NumberFilter(field_name="employees", lookup_expr="gte", label=_("Employees from"))
    employees__lte = filters.NumberFilter(field_name="employees", lookup_expr="lte", label=_("Employees to"))
    domain = filters.CharFilter(widget=HiddenInput, label=_("Domain"))
    external_system = filters.CharFilter(widget=HiddenInput, label=_("System"))
    external_id = filters.CharFilter(widget=HiddenInput, label=_("External id"))
    archived = Archived(label=_("Archived"))
    without = filters.ChoiceFilter(choices=ACCOUNTS_LACK, method="lacking", label=_("Without"))

    def lacking(self, rows: QuerySet[Account], _name: str, fact: str) -> QuerySet[Account]:
        return without_contact(rows) if fact == "contact" else rows.filter(**{fact: ""})

    def in_no_territory(self, rows: QuerySet[Account], _name: str, kind: str) -> QuerySet[Account]:
        active = TerritoryAssignment.objects.filter(model__status=TerritoryModel.Status.ACTIVE, kind=kind)
        return rows.filter(territory__isnull=True, pk__in=active.values("account_id"))

    def search(self, rows: QuerySet[Account], _name: str, text: str) -> QuerySet[Account]:
        return rows.filter(holds(text))


class ContactFilter(StrictFilterSet):
    """Names and values that the contact list and the API accept."""

    q = filters.CharFilter(method="search", label=_("Search"))
    mine = MineFilter(label=_("Mine"))
    account = filters.ModelChoiceFilter(queryset=seen_accounts, widget=ChosenOnly, label=_("Account"))
    owner = filters.ModelChoiceFilter(queryset=colleagues, label=_("Owner"))
    role = filters.ChoiceFilter(choices=Contact.Role.choices, label=_("Role"))
    email = filters.CharFilter(method="by_email", label=_("E-mail"))
    archived = Archived(label=_("Archived"))
    without = filters.ChoiceFilter(choices=CONTACT_FACTS, method="lacking", label=_("Without"))

    def lacking(self, rows: QuerySet[Contact], _name: str, fact: str) -> QuerySet[Contact]:
        return rows.filter(**{fact: ""})

    def search(self, rows: QuerySet[Contact], _name: str, text: str) -> QuerySet[Contact]:
        return rows.filter(holds(text) | one_of("account", Account.objects.filter(holds(text))))

    def by_email(self, rows: QuerySet[Contact], _name: str, text: str) -> QuerySet[Contact]:
        return rows.filter(email_key=email_key(text) or "\x01")


class ActivityFilter(StrictFilterSet):
    """Names and values that the activity list and the API accept."""

    q = filters.CharFilter(field_name="subject", lookup_expr="icontains", label=_("Search"))
    mine = MineFilter(label=_("Mine"))
    kind = filters.ChoiceFilter(choices=Activity.Kind.choices, label=_("Kind"))
    kind__in = AllOf(field_name="kind", lookup_expr="in", widget=HiddenInput, label=_("Kinds"))
    status = filters.ChoiceFilter(choices=Activity.Status.choices, label=_("State"))
    owner = filters.ModelChoiceFilter(queryset=colleagues, label=_("Owner"))
    account = filters.ModelChoiceFilter(queryset=seen_accounts, widget=ChosenOnly, label=_("Account"))
    contact = filters.ModelChoiceFilter(queryset=seen_contacts, widget=ChosenOnly, label=_("Contact"))
    due = filters.ChoiceFilter(choices=DUE, method="due_when", label=_("Due"))
    due_at__gte = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="gte", label=_("Due from"))
    due_at__lte = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lte", label=_("Due until"))
    happened_at__gte = filters.IsoDateTimeFilter(field_name="happened_at", lookup_expr="gte", label=_("Done from"))
    happened_at__lte = filters.IsoDateTimeFilter(field_name="happened_at", lookup_expr="lte", label=_("Done until"))
    about = filters.CharFilter(method="hung_on", widget=HiddenInput, label=_("Of the record"))

    def hung_on(self, rows: QuerySet[Activity], _name: str, text: str) -> QuerySet[Activity]:
        """`about=order:12`: what hangs on that record, if the viewer sees the record at all."""
        peg, number = peg_of(text)
        record = peg.model.objects.visible_to(self.request.user).filter(pk=number)
        return rows.filter(pk__in=peg.activities_of(record.values("pk")))

    def due_when(self, rows: QuerySet[Activity], _name: str, when: str) -> QuerySet[Activity]:
        now = clock.now()
        tomorrow = start_of_tomorrow()
        rows = rows.planned()  # type: ignore[attr-defined]
        if when == "late":
            return rows.filter(due_at__lt=now)
        return (
            rows.filter(due_at__gte=now, due_at__lt=tomorrow) if when == "today" else rows.filter(due_at__gte=tomorrow)
        )


def start_of_tomorrow() -> datetime:
    """When the company's next day begins."""
    return timezone.make_aware(datetime.combine(clock.today() + timedelta(days=1), time.min), clock.company_zone())


class DocumentFilter(StrictFilterSet):
    """Names and values that the document list and the API accept."""

    q = filters.CharFilter(method="search", label=_("Search"))
    mine = MineFilter(label=_("Mine"))
    kind = filters.ChoiceFilter(choices=Document.Kind.choices, label=_("Kind"))
    access = filters.ChoiceFilter(choices=Document.Access.choices, label=_("Readers"))
    owner = filters.ModelChoiceFilter(queryset=colleagues, label=_("Owner"))
    about = filters.CharFilter(method="hung_on", widget=HiddenInput, label=_("Of the record"))
    archived = Archived(label=_("Archived"))

    def search(self, rows: QuerySet[Document], _name: str, text: str) -> QuerySet[Document]:
        """By title, file name, or the words inside the newest file; `snippet` is where they stand."""
        return found_in_documents(rows, text[:100])

    def hung_on(self, rows: QuerySet[Document], _name: str, text: str) -> QuerySet[Document]:
        """`about=lead:12`: what hangs on that record, if the viewer sees the record at all."""
        shelf, number = shelf_of(text)
        record = shelf.model.objects.visible_to(self.request.user).filter(pk=number)
        links: Any = shelf.link._default_manager
        return rows.filter(pk__in=links.filter(record__in=record.values("pk")).values("document_id"))


class CapturedFilter(StrictFilterSet):
    """Who took part and is no contact yet."""

    state = filters.ChoiceFilter(choices=CapturedParticipant.State.choices, label=_("State"))
    account = filters.ModelChoiceFilter(queryset=seen_accounts, widget=ChosenOnly, label=_("Account"))
