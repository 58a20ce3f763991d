"""What webhooks may tell of this room."""

from django.utils.translation import gettext_lazy as _

from postsales import events
from postsales.models import SupportCase
from revops.integrations.offers import Offer, offers


def register() -> None:
    """Each event with the record that decides who may hear of it."""
    for offer in (
        Offer(events.CaseOpened, _("A case was opened"), SupportCase, "case_id"),
        Offer(events.CaseResolved, _("A case was solved"), SupportCase, "case_id"),
        Offer(events.SlaBreached, _("A case missed a target"), SupportCase, "case_id"),
    ):
        offers.register(offer)
