"""How the command menu finds deals."""

import re
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from opportunities.models import Opportunity
from opportunities.selectors.opportunities import deals
from revops.core.money import Money
from revops.core.registries import Hit, Searcher, searchers
from revops.core.search import best
from revops.core.templatetags.frame import money_text

NUMBER = re.compile(r"^(?:opp-?)?(\d{1,12})$", re.IGNORECASE)


def search_deals(user: Any, text: str, limit: int) -> Sequence[Hit]:
    """By number (OPP-2291), by the start of the name, then inside it."""
    rows = deals(viewer=user).select_related("account", "stage")
    number = NUMBER.match(text)
    exact = list(rows.filter(pk=int(number.group(1)))) if number else []
    rest = best(rows.exclude(pk__in=[row.pk for row in exact]), text, limit - len(exact))
    return [_hit(row, exact=True) for row in exact] + [_hit(row) for row in rest]


def _hit(row: Any, exact: bool = False) -> Hit:
    where = [row.account.name if row.account else "", str(row.stage), row.number]
    amount = money_text(Money(row.amount, row.currency), "auto") if row.amount is not None else ""
    return Hit(row.name, ", ".join(filter(None, where)), row.get_absolute_url(), exact=exact, meta=amount)


def register() -> None:
    """Called once, when the app is ready."""
    searchers.register(
        Searcher(
            "opportunity",
            _("Opportunity"),
            "layout-kanban",
            search_deals,
            permission="opportunities.view_opportunity",
            order=40,
            model=Opportunity,
        )
    )
