"""Addresses of the pages that these tests put on the frame."""

from decimal import Decimal
from typing import Any

import django_filters
from allauth.account import views as account_views
from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.urls import include, path

from revops.core.errors import DomainError, InvalidInput
from revops.core.money import Money
from revops.core.places import Place, list_places
from revops.core.status import edit, lock
from revops.core.views.board import BoardPage, Card, Lane
from revops.core.views.lists import BulkAction, Chip, Column, Editor, Figure, ListPage, Tab

User = get_user_model()


class PeopleFilter(django_filters.FilterSet):
    title = django_filters.CharFilter()
    joined = django_filters.DateFromToRangeFilter(field_name="date_joined")
    reach = django_filters.MultipleChoiceFilter(choices=[("own", "Their own"), ("all", "Everybody's")])

    class Meta:
        model = User
        fields: list[str] = []


def shout(*, row: Any, actor: Any) -> Any:
    """Refused by people called Refuser."""
    if row.last_name == "Refuser":
        raise DomainError("no", f"{row.username} does not listen to {actor.username}.")
    row.title = f"Shouted at by {actor.username}"
    row.version += 1
    row.save(update_fields=["title", "version"])
    return row


def calm(*, row: Any, before: dict[str, Any], actor: Any) -> Any:
    row.title = before["title"]
    row.version += 1
    row.save(update_fields=["title", "version"])
    return row


class PersonForm(forms.Form):
    title = forms.CharField(max_length=40, label="Title", required=False)
    last_name = forms.CharField(max_length=40, label="Last name")


class PersonEditor(Editor):
    permission = ""

    def form(self, viewer: Any, record: Any = None) -> forms.BaseForm:
        return PersonForm()

    def change(self, *, row: Any, name: str, value: Any, version: int | None, actor: Any) -> Any:
        with transaction.atomic():
            row = lock(row, version)
            if value == "Pope":
                raise InvalidInput.of(**{name: "Nobody here is that."})
            edit(row, {name: value})
        return row

    def allows(self, row: Any, name: str) -> bool:
        return row.username != "p004"


class PeopleList(ListPage):
    title, noun = "People", "people"
    filters = PeopleFilter
    search_fields = ("username", "last_name")
    order = "username"
    place = "people"
    editor = PersonEditor()
    columns = (
        Column("username", "Name", sort="username", sub="title"),
        Column("title", "Title", sort="title", edit="title"),
        Column("last_login", "Seen", kind="datetime", sort="last_login"),
        Column("state", "State", lambda person: ("Active", "ok") if person.is_active else "Gone", kind="pill"),
        Column("worth", "Worth", lambda person: Money(Decimal(person.pk * 100), "USD"), kind="money"),
        Column("last_name", "Last name", hidden=True, edit="last_name"),
    )
    chips = (Chip("boss", "Bosses", {"title": "Boss"}),)
    tabs = (Tab("All"), Tab("Bosses", {"title": "Boss"}))
    bulk_actions = (
        BulkAction("shout", "Shout", shout, undo=calm),
        BulkAction("fire", "Fire", shout, permission="users.delete_user"),
    )
    page_size = 5

    def rows(self) -> QuerySet[Any]:
        return User.objects.filter(username__startswith="p")

    def strip(self, rows: QuerySet[Any]) -> list[Figure]:
        return [Figure("Heads", rows.count(), "?title=Boss")]

    def row_url(self, row: Any) -> str:
        return f"/people/{row.pk}/"


class GuardedList(PeopleList):
    permission = "users.delete_user"


class PeopleBoard(BoardPage):
    title = "Board"
    filters = PeopleFilter

    def rows(self) -> QuerySet[Any]:
        return User.objects.filter(username__startswith="p")

    def lanes(self, rows: QuerySet[Any]) -> list[Lane]:
        cards = [
            Card(person.pk, 1, f"/people/{person.pk}/", f"/people/{person.pk}/move/", person.username)
            for person in rows.order_by("username")[:3]
        ]
        return [
            Lane("open", "Open", rows.count(), cards=cards, share=100),
            Lane("won", "Won", 0, rail=True, url="/won/"),
        ]


if "people" not in list_places:
    list_places.register(Place("people", "People", "", {"list": "people", "board": "people_board"}))

urlpatterns = [
    path("people/", PeopleList.as_view(), name="people"),
    path("guarded/", GuardedList.as_view(), name="guarded"),
    path("people-board/", PeopleBoard.as_view(), name="people_board"),
    path("", include("revops.core.urls")),
    path("", include("revops.users.urls")),
    path("admin/", admin.site.urls),
    path("login/", account_views.login, name="account_login"),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("account/", include("allauth.account.urls")),
]
