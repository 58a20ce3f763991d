"""What accounts, contacts and activities add to the frame."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Activity
from accounts.pegs import homes_of
from accounts.selectors import overdue_activities
from accounts.selectors.timeline import ICONS
from revops.core import clock
from revops.core.places import Place, list_places
from revops.core.registries import (
    DAY_MOST,
    Command,
    CreateItem,
    DayItem,
    DaySource,
    NavItem,
    commands,
    create_menu,
    day_items,
    navigation,
)


def planned_today(user: Any, today: date) -> Sequence[DayItem]:
    """What a person planned for this day or before, and has not done."""
    now = clock.now()
    rows = list(overdue_activities(owner=user, until=clock.start_of(today + timedelta(days=1)))[:DAY_MOST])
    homes = homes_of(rows)
    return [
        DayItem(
            kind=row.kind,
            title=row.subject,
            sub=homes[row.pk][0] or gettext("Nothing else attached"),
            url=homes[row.pk][1],
            due_at=row.due_at,
            rank=20 if row.due_at and row.due_at < now else 40,
            action=gettext("Do it"),
            icon=ICONS[Activity.Kind(row.kind)],
            activity=row.pk,
            version=row.version,
            key=f"activity:{row.pk}",
            minutes=row.minutes,
        )
        for row in rows
    ]


def register() -> None:
    """Called once, when the app is ready."""
    for place in (
        Place("accounts", _("Accounts"), "accounts.view_account", {"list": "account-list"}, "building", 30),
        Place("contacts", _("Contacts"), "accounts.view_contact", {"list": "contact-list"}, "user", 31),
        Place(
            "activities", _("Activities"), "accounts.view_activity",
            {"list": "activity-list", "calendar": "activity-calendar"}, "checkbox", 10,
        ),
    ):  # fmt: skip
        list_places.register(place)
    navigation.register(
        NavItem(
            "accounts",
            _("Accounts"),
            "account-list",
            "building",
            "accounts.view_account",
            order=30,
            shortcut="a",
            phone=True,
        )
    )
    create_menu.register(
        CreateItem("account", _("Account"), "account-new", "building", "accounts.add_account", order=30, shortcut="a")
    )
    create_menu.register(
        CreateItem("contact", _("Contact"), "contact-new", "user-plus", "accounts.add_contact", order=35, shortcut="k")
    )
    _register_commands()
    day_items.register(DaySource("accounts.planned", planned_today, "accounts.view_activity", order=20))


def _register_commands() -> None:
    commands.register(Command("contacts", _("Contacts"), "contact-list", "users", "accounts.view_contact", order=35))
    commands.register(
        Command("captured", _("People to confirm"), "captured-list", "user-check", "accounts.view_contact", order=35)
    )
    commands.register(
        Command(
            "completeness",
            _("How complete contacts are"),
            "completeness",
            "chart-bar",
            "accounts.view_contact",
            order=35,
        )
    )
    commands.register(
        Command("activities", _("Activities"), "activity-list", "checkbox", "accounts.view_activity", order=36)
    )
    commands.register(
        Command("territories", _("Territories"), "territory-map", "map", "accounts.view_territorymodel", order=36)
    )
    commands.register(Command("channels", _("Channels"), "channel-list", "route", "accounts.view_channel", order=36))
    commands.register(
        Command("documents", _("Documents"), "document-list", "paperclip", "accounts.view_document", order=37)
    )
    commands.register(
        Command(
            "upload", _("Hand in a document"), "document-new", "upload", "accounts.add_document", order=37, verb=True
        )
    )
