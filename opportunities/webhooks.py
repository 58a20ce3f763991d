"""What webhooks may tell of this room."""

from django.utils.translation import gettext_lazy as _

from opportunities import events
from opportunities.models import Opportunity, Quote
from revops.integrations.offers import Offer, offers


def register() -> None:
    """Each event with the record that decides who may hear of it."""
    for offer in (
        Offer(events.OpportunityMoved, _("A deal changed its stage"), Opportunity, "opportunity_id"),
        Offer(events.QuoteAccepted, _("A quote was accepted"), Quote, "quote_id"),
    ):
        offers.register(offer)
