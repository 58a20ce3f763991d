"""What needs add to the pages of leads and opportunities, and to the handoff package."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from leads.registries import handoff_sections
from opportunities.selectors.needs import NEEDS_SECTION
from revops.core.registries import Command, Panel, commands, panels

VIEW = "opportunities.view_need"


def _of_lead(lead: Any) -> str:
    return f"{reverse('need-list')}?lead={lead.pk}"


def _of_opportunity(deal: Any) -> str:
    return f"{reverse('need-list')}?opportunity={deal.pk}"


def register() -> None:
    """Called once, when the app is ready."""
    panels.register(Panel("opportunities.needs_of_lead", "leads.lead", _("Needs"), _of_lead, 10, VIEW, "list-check"))
    panels.register(
        Panel("opportunities.needs", "opportunities.opportunity", _("Needs"), _of_opportunity, 15, VIEW, "list-check")
    )
    handoff_sections.register(NEEDS_SECTION)
    commands.register(Command("needs", _("Needs"), "need-list", "list-check", VIEW, order=41))
