"""The lists."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.filters import AccountFilter, ActivityFilter, ContactFilter
from accounts.models import Account, Activity, Contact
from accounts.selectors import account_list, activity_list, contact_list
from accounts.views.calendar import layouts
from accounts.views.editing import (
    ACCOUNT_ACTIONS,
    ACCOUNT_EDITOR,
    ACTIVITY_ACTIONS,
    ACTIVITY_EDITOR,
    CONTACT_ACTIONS,
    CONTACT_EDITOR,
)
from revops.core import clock
from revops.core.money import Money
from revops.core.templatetags.frame import moment
from revops.core.views.lists import Action, Chip, Column, Empty, ListPage, Tab

PICKED = 20
TONES = {Activity.Status.PLANNED: "accent", Activity.Status.COMPLETED: "ok", Activity.Status.CANCELLED: ""}


class AccountList(ListPage):
    """Companies, and persons who buy."""

    title, nav_key, noun, place = _("Accounts"), "accounts", _("accounts"), "accounts"
    editor, bulk_actions = ACCOUNT_EDITOR, ACCOUNT_ACTIONS
    permission = "accounts.view_account"
    filters = AccountFilter
    custom = Account
    order = "name"
    file_name = "accounts"
    columns = (
        Column("name", _("Account"), sort="name"),
        Column("industry", _("Industry"), sort="industry", edit="industry"),
        Column("city", _("Place"), lambda row: ", ".join(filter(None, [row.city, row.country]))),
        Column("owner", _("Owner"), kind="user", edit="owner"),
        Column("employees", _("Employees"), kind="number", sort="employees", phone=False, edit="employees"),
        Column("contacts", _("Contacts"), "contact_count", kind="number", sort="contact_count", phone=False),
        Column("touched", _("Last touch"), "last_activity_at", kind="datetime", sort="last_activity_at"),
        Column("parent", _("Parent"), "parent.name", hidden=True),
        Column("territory", _("Territory"), "territory.name", hidden=True),
        Column("channel", _("Channel"), "channel.name", hidden=True),
        Column("tier", _("Tier"), sort="tier", hidden=True, edit="tier"),
        Column("website", _("Web site"), hidden=True, edit="website"),
        Column("phone", _("Phone"), hidden=True, edit="phone"),
        Column(
            "annual_revenue",
            _("Annual revenue"),
            lambda row: None if row.annual_revenue is None else Money(row.annual_revenue, row.currency),
            kind="money",
            sort="annual_revenue",
            hidden=True,
            edit="annual_revenue",
        ),
        Column("created", _("Created"), "created_at", kind="datetime", sort="created_at", hidden=True),
    )
    tabs = (Tab(_("All")), Tab(_("My accounts"), {"mine": "true"}))
    empty = Empty(
        _("No accounts yet"),
        _("An account is a company, or a person who buys. Handoffs that are accepted make them, too."),
        "building",
        Action(_("New account"), "/accounts/new/", "plus"),
    )

    def rows(self) -> QuerySet[Any]:
        rows = account_list(viewer=self.request.user)
        return rows if "archived" in self.request.GET else rows.active()  # type: ignore[attr-defined]

    def actions(self) -> Sequence[Action]:
        if not self.request.user.has_perm("accounts.add_account"):
            return ()
        may_import = self.request.user.has_perm("integrations.import_records")
        upload = Action(_("Import"), f"{reverse('import-new')}?kind=accounts", "upload")
        return (
            *((upload,) if may_import else ()),
            Action(_("New account"), reverse("account-new"), "plus", primary=True),
        )


class ContactList(ListPage):
    """People at accounts."""

    title, nav_key, noun, place = _("Contacts"), "accounts", _("contacts"), "contacts"
    editor, bulk_actions = CONTACT_EDITOR, CONTACT_ACTIONS
    permission = "accounts.view_contact"
    filters = ContactFilter
    custom = Contact
    order = "name"
    file_name = "contacts"
    columns = (
        Column("name", _("Contact"), sort="last_name", sub="title"),
        Column("account", _("Account"), "account.name", sort="account_name"),
        Column("role", _("Role"), lambda row: row.get_role_display() or None, kind="pill", edit="role"),
        Column("email", _("E-mail"), sort="email", edit="email"),
        Column("phone", _("Phone"), edit="phone"),
        Column("owner", _("Owner"), kind="user", edit="owner"),
        Column("created", _("Created"), "created_at", kind="datetime", sort="created_at", hidden=True),
    )
    tabs = (Tab(_("All")), Tab(_("My contacts"), {"mine": "true"}))
    panel_columns = ("name", "role")
    empty = Empty(
        _("No contacts yet"),
        _("A contact is a person at an account."),
        "user",
        Action(_("New contact"), "/contacts/new/", "plus"),
    )

    def rows(self) -> QuerySet[Any]:
        rows = contact_list(viewer=self.request.user)
        return rows if "archived" in self.request.GET else rows.active()  # type: ignore[attr-defined]

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(_("Accounts"), reverse("account-list")), (self.title, "")]

    def actions(self) -> Sequence[Action]:
        if not self.request.user.has_perm("accounts.add_contact"):
            return ()
        return (Action(_("New contact"), reverse("contact-new"), "plus", primary=True),)


def due_cell(row: Activity) -> tuple[str, str]:
    """When a planned activity is due, as a next action."""
    if row.due_at is None or row.status != Activity.Status.PLANNED:
        return ("–", "none")
    local = row.due_at.astimezone(clock.company_zone())
    tone = "late" if row.due_at < clock.now() else "today" if local.date() == clock.today() else "later"
    return (moment(local, "d MMM, HH:mm"), tone)


class ActivityList(ListPage):
    """What was done and what is planned."""

    title, nav_key, noun, place = _("Activities"), "my_day", _("activities"), "activities"
    editor, bulk_actions = ACTIVITY_EDITOR, ACTIVITY_ACTIONS
    permission = "accounts.view_activity"
    filters = ActivityFilter
    custom = Activity
    order = "-created"
    file_name = "activities"
    columns = (
        Column("subject", _("Activity"), sort="subject"),
        Column("kind", _("Kind"), lambda row: row.get_kind_display(), sort="kind", edit="kind"),
        Column("status", _("State"), lambda row: (row.get_status_display(), TONES[row.status]), kind="pill"),
        Column("due", _("Due"), due_cell, kind="next", sort="due_at", edit="due_at"),
        Column("happened", _("Happened"), "happened_at", kind="datetime", sort="happened_at"),
        Column("owner", _("Owner"), kind="user", edit="owner"),
        Column("created", _("Written"), "created_at", kind="datetime", sort="created_at", hidden=True),
    )
    tabs = (Tab(_("All")), Tab(_("My plan"), {"mine": "true", "status": "planned"}))
    chips = (
        Chip("late", _("Overdue"), {"due": "late"}, marker="late"),
        Chip("today", _("Today"), {"due": "today"}, marker="today"),
    )
    empty = Empty(_("No activities yet"), _("Calls, meetings and notes are logged where they belong."), "checkbox")

    def rows(self) -> QuerySet[Any]:
        return activity_list(viewer=self.request.user)

    def actions(self) -> Sequence[Action]:
        if not self.request.user.has_perm("accounts.add_activity"):
            return ()
        return (Action(_("Read a calendar"), reverse("calendar-import"), "calendar-down"),)

    def views(self) -> Sequence[dict[str, Any]]:
        return layouts(self.request, "list")

    def row_url(self, row: Activity) -> str:
        return reverse("activity-open", args=[row.pk])


@login_required
@permission_required("accounts.view_account", raise_exception=True)
@require_GET
def pick(request: HttpRequest) -> JsonResponse:
    """Accounts for a type-ahead select."""
    text = request.GET.get("q", "").strip()[:100].replace("\x00", "")
    rows = Account.objects.visible_to(request.user).active().filter(name__icontains=text).order_by("name", "pk")
    return JsonResponse([{"value": row.pk, "text": row.name} for row in rows[:PICKED]], safe=False)
