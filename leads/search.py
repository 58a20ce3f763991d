"""How the command menu finds leads: by number or e-mail address, then by words of name or company."""

import re
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.keys import email_key
from leads.models import Campaign, Lead, PromotionPartner, ResearchBrief, TargetMarket
from leads.models import Sequence as Outreach
from revops.core.registries import Hit, Searcher, searchers
from revops.core.search import best, named

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
    rows = named(Outreach.objects.visible_to(user), text, limit, "name")
    return [Hit(row.name, row.get_status_display(), row.get_absolute_url()) for row in rows]


def _hit(row: Lead, exact: bool = False) -> Hit:
    where = f"{row.company}, {row.get_status_display()}"
    return Hit(row.name, where, row.get_absolute_url(), exact=exact, meta=f"LEAD-{row.pk}")


def search_campaigns(user: Any, text: str, limit: int) -> Sequence[Hit]:
    """By name, or by what links call it."""
    rows = named(Campaign.objects.visible_to(user), text, limit, "name", "code")
    return [Hit(row.name, str(row.get_status_display()), row.get_absolute_url()) for row in rows]


def search_markets(user: Any, text: str, limit: int) -> Sequence[Hit]:
    """Those that are planned or in force; of one that was revised, the version that counts."""
    rows = TargetMarket.objects.visible_to(user).exclude(status=TargetMarket.Status.RETIRED)
    return [
        Hit(row.name, str(row.get_status_display()), row.get_absolute_url()) for row in named(rows, text, limit, "name")
    ]


def search_partners(user: Any, text: str, limit: int) -> Sequence[Hit]:
    """Promotion partners by name or web site."""
    rows = named(PromotionPartner.objects.visible_to(user), text, limit, "name", "website")
    return [Hit(row.name, str(row.get_tier_display()), row.get_absolute_url()) for row in rows]


def search_research(user: Any, text: str, limit: int) -> Sequence[Hit]:
    """Research by the company that it is about."""
    leads = [row.pk for row in best(Lead.objects.visible_to(user).filter(archived_at__isnull=True), text, limit)]
    rows = ResearchBrief.objects.filter(lead__in=leads).select_related("lead", "owner").order_by("pk") if leads else ()
    return [Hit(row.lead.company, str(row.owner or ""), row.get_absolute_url()) for row in rows if row.lead]


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
        )
    )
    for key, label, icon, find, right, order in (
        ("campaign", _("Campaign"), "speakerphone", search_campaigns, "leads.view_campaign", 70),
        ("target-market", _("Target market"), "target", search_markets, "leads.view_targetmarket", 71),
        ("partner", _("Promotion partner"), "heart-handshake", search_partners, "leads.view_promotionpartner", 72),
        ("research", _("Research"), "zoom-question", search_research, "leads.view_lead", 73),
    ):
        searchers.register(Searcher(key, label, icon, find, permission=right, order=order))
