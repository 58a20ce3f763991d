"""Addresses of the pages that these tests put on the frame."""

from decimal import Decimal
from typing import Any

import django_filters
from allauth.account import views as account_views
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.urls import include, path

from revops.core.money import Money
from revops.core.views.board import BoardPage, Card, Lane
from revops.core.views.lists import BulkAction, Chip, Column, Figure, ListPage, Tab

User = get_user_model()


class PeopleFilter(django_filters.FilterSet):
    title = django_filters.CharFilter()
    joined = django_filters.DateFromToRangeFilter(field_name="date_joined")
    reach = django_filters.MultipleChoiceFilter(choices=[("own", "Their own"), ("all", "Everybody's")])

    class Meta:
        model = User
        fields: list[str] = []


def shout(*, rows: QuerySet[Any], actor: Any, data: Any) -> str:
    return f"{actor.username} shouted at {', '.join(rows.order_by('username').values_list('username', flat=True))}"


class PeopleList(ListPage):
    title, noun = "People", "people"
    filters = PeopleFilter
    search_fields = ("username", "last_name")
    order = "username"
    columns = (
        Column("username", "Name", sort="username", sub="title"),
        Column("title", "Title", sort="title"),
        Column("last_login", "Seen", kind="datetime", sort="last_login"),
        Column("state", "State", lambda person: ("Active", "ok") if person.is_active else "Gone", kind="pill"),
        Column("worth", "Worth", lambda person: Money(Decimal(person.pk * 100), "USD"), kind="money"),
        Column("last_name", "Last name", hidden=True),
    )
    chips = (Chip("boss", "Bosses", {"title": "Boss"}),)
    tabs = (Tab("All"), Tab("Bosses", {"title": "Boss"}))
    bulk_actions = (
        BulkAction("shout", "Shout", shout),
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
