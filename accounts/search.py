"""How the command menu finds accounts and contacts: the whole address, then the start of the name, then inside it."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.keys import domain_of, email_key
from accounts.models import Account, Channel, Contact
from revops.core.registries import Hit, Searcher, searchers
from revops.core.search import best, named


def search_accounts(user: Any, text: str, limit: int) -> Sequence[Hit]:
    """By web domain, by the start of the name, then inside it."""
    rows = Account.objects.visible_to(user).active().select_related("owner")
    domain = domain_of(text)
    exact = list(rows.filter(domain=domain).order_by("pk")[:limit]) if domain else []
    rest = best(rows.exclude(pk__in=[row.pk for row in exact]), text, limit - len(exact))
    return [_account(row, exact=True) for row in exact] + [_account(row) for row in rest]


def _account(row: Account, exact: bool = False) -> Hit:
    where = ", ".join(filter(None, [row.industry, row.city, row.country])) or str(row.owner)
    return Hit(row.name, where, row.get_absolute_url(), exact=exact)


def search_contacts(user: Any, text: str, limit: int) -> Sequence[Hit]:
    """By e-mail address, then by the start of first or last name."""
    rows = Contact.objects.visible_to(user).active().select_related("account")
    key = email_key(text)
    if key:
        return [_contact(row, exact=True) for row in rows.filter(email_key=key).order_by("pk")[:limit]]
    return [_contact(row) for row in best(rows, text, limit)]


def _contact(row: Contact, exact: bool = False) -> Hit:
    return Hit(
        row.name, f"{row.title}, {row.account}" if row.title else str(row.account), row.get_absolute_url(), exact
    )


def search_channels(user: Any, text: str, limit: int) -> Sequence[Hit]:
    """Channels that are in use, by name."""
    rows = named(Channel.objects.visible_to(user).active(), text, limit, "name")
    return [Hit(row.name, str(row.get_kind_display()), row.get_absolute_url()) for row in rows]


def register() -> None:
    """Called once, when the app is ready."""
    searchers.register(
        Searcher(
            "account",
            _("Account"),
            "building",
            search_accounts,
            permission="accounts.view_account",
            order=30,
            model=Account,
        )
    )
    searchers.register(
        Searcher(
            "contact",
            _("Contact"),
            "user",
            search_contacts,
            permission="accounts.view_contact",
            order=35,
            people=True,
            model=Contact,
        )
    )
    searchers.register(
        Searcher("channel", _("Channel"), "route", search_channels, permission="accounts.view_channel", order=74)
    )
