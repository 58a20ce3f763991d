"""What webhooks may tell of this room."""

from django.utils.translation import gettext_lazy as _

from leads import events
from leads.models import Handoff, Lead
from revops.integrations.offers import Offer, offers


def register() -> None:
    """Each event with the record that decides who may hear of it."""
    for offer in (
        Offer(events.LeadCreated, _("A lead came in"), Lead, "lead_id"),
        Offer(events.LeadAnswered, _("Questions about a lead were answered"), Lead, "lead_id"),
        Offer(events.LeadQualified, _("A lead is qualified"), Lead, "lead_id"),
        Offer(events.HandoffSubmitted, _("A handoff waits for its seller"), Handoff, "handoff_id"),
        Offer(events.HandoffDecided, _("A handoff was accepted, rejected or ran out"), Handoff, "handoff_id"),
        # About no record of anybody's: a scorecard or a rule of the company.
        Offer(events.ScoringChanged, _("The rules of scoring changed"), permission="leads.view_scorecard"),
    ):
        offers.register(offer)
