"""What people are told about deals and quotes."""

from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from opportunities.models import Opportunity, OpportunityShare, Quote
from revops.core.registries import point_at
from revops.users.panels import share_panel
from revops.users.registries import NoticeKind, Sharing, notice_kinds, sharing


def colleagues(deal: Opportunity) -> list[tuple[Any, Any]]:
    """Who sees a deal for its credit or its team, and why."""
    credited = [(row.user, _("has credit")) for row in deal.splits.select_related("user").order_by("pk")]
    team = deal.team.filter(left_at__isnull=True).select_related("user").order_by("pk")
    return [*credited, *((row.user, format_lazy(_("deal team: {role}"), role=row.role)) for row in team)]


def register() -> None:
    """Called once, when the app is ready."""
    share_panel("opportunities.opportunity")
    point_at(Opportunity, Quote)
    sharing.register(
        Sharing(
            "opportunities.opportunity", Opportunity, OpportunityShare, "opportunities.change_opportunity", colleagues
        )
    )
    notice_kinds.register(
        NoticeKind("approval.waiting", _("A quote waits for my approval"), mail="now", icon="shield-check", order=40)
    )
    notice_kinds.register(
        NoticeKind("approval.decided", _("A quote of mine is approved or sent back"), icon="shield-check", order=41)
    )
