"""How the command menu finds leads: by number or e-mail address, then by words of name or company."""

import re
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.keys import email_key
from leads.models import Lead
from leads.models import Sequence as Outreach
from revops.core.registries import Hit, Searcher, searchers
from revops.core.search import best

NUMBER = re.compile(r"^(?:lead-)?(\d{1,12})$", re.IGNORECASE)


def search_leads(user: Any, text: str, limit: int) -> Sequence[Hit]:
    """Exact hits first."""
    rows = Lead.objects.visible_to(user).filter(archived_at__isnull=True)
    number, key = NUMBER.match(text), email_key(text)
    exact = list(rows.filter(pk=int(number.group(1)))) if number else []
    exact += list(rows.filter(email_key=key).order_by("-pk")[:limit]) if key else []
    rest = best(rows.exclude(pk__in=[row.pk for row in exact]), text, limit - len(exact))
    return [_hit(row, exact=True) for row in exact] + [_hit(row) for row in rest]


def search_sequences(user: Any, text: str, limit: int) -> Sequence[Hit]:
    """By words of their name."""
    rows = Outreach.objects.visible_to(user).filter(name__icontains=text).order_by("name", "pk")[:limit]
    return [Hit(row.name, row.get_status_display(), row.get_absolute_url()) for row in rows]


def _hit(row: Lead, exact: bool = False) -> Hit:
    where = f"{row.company}, {row.get_status_display()}"
    return Hit(row.name, where, row.get_absolute_url(), exact=exact, meta=f"LEAD-{row.pk}")


def register() -> None:
    """Called once, when the app is ready."""
    searchers.register(
        Searcher(
            "lead",
            _("Lead"),
            "user-search",
            search_leads,
            permission="leads.view_lead",
            order=20,
            people=True,
            model=Lead,
        )
    )
    searchers.register(
        Searcher(
            "sequence",
            _("Sequence"),
            "mail-forward",
            search_sequences,
            permission="leads.view_sequence",
            order=28,
            model=Outreach,
        )
    )
