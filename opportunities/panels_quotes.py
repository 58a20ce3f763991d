"""What quotes add to the frame: navigation, search, My day."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from opportunities.models import Opportunity
from opportunities.selectors.approvals import approval_inbox
from opportunities.selectors.quotes import quote_list
from revops.core.places import Place, list_places
from revops.core.registries import (
    DAY_MOST,
    Command,
    DayItem,
    DaySource,
    Hit,
    NavItem,
    Panel,
    Searcher,
    commands,
    day_items,
    navigation,
    panels,
    searchers,
)
from revops.core.search import LETTERS, beginning, best, some_of
from revops.core.templatetags.frame import money_text

VIEW = "opportunities.view_quote"


def approvals_today(user: Any, _today: date) -> Sequence[DayItem]:
    """Quotes that wait for this person's yes or no."""
    return [
        DayItem(
            kind="approval",
            title=gettext("Approve %(number)s: %(deal)s")
            % {"number": row.quote.number, "deal": row.quote.opportunity.name},
            sub=f"{money_text(row.quote.net_money, 'auto')}, {row.rule.condition}, {row.submitted_by}",
            url=f"{reverse('deal-desk')}?open={row.pk}",
            due_at=row.created_at,
            rank=20,
            action=gettext("Decide"),
            icon="shield-check",
        )
        for row in approval_inbox(viewer=user)[:DAY_MOST]
    ]


def search_quotes(user: Any, text: str, limit: int) -> Sequence[Hit]:
    """By number first, then by deal."""
    rows = quote_list(viewer=user)
    found = best(rows, text, limit)
    if len(found) < limit and len(text) >= LETTERS:
        deals = some_of("opportunity", beginning(Opportunity.objects.all(), text))
        rest = rows.filter(deals).exclude(pk__in=[row.pk for row in found])
        found += list(rest.order_by()[: limit - len(found)])
    return [
        Hit(
            row.number,
            f"{row.opportunity.name}, {row.get_status_display()}",
            row.get_absolute_url(),
            exact=row.number.casefold() == text.casefold(),
            meta=money_text(row.net_money, "auto"),
        )
        for row in found
    ]


def _of_account(account: Any) -> str:
    return f"{reverse('quote-list')}?account={account.pk}"


def register() -> None:
    """Called once, when the app is ready."""
    list_places.register(Place("quotes", _("Quotes"), VIEW, {"list": "quote-list"}, "file-invoice", 50))
    navigation.register(NavItem("quotes", _("Quotes"), "quote-list", "file-invoice", VIEW, order=50, shortcut="q"))
    commands.register(Command("deal-desk", _("Deal desk"), "deal-desk", "shield-check", VIEW))
    panels.register(Panel("quotes.of_account", "accounts.account", _("Quotes"), _of_account, 25, VIEW, "file-invoice"))
    searchers.register(Searcher("quote", _("Quote"), "file-invoice", search_quotes, permission=VIEW, order=50))
    day_items.register(DaySource("quotes.approvals", approvals_today, VIEW, order=20))
