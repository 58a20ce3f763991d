"""What webhooks may tell of this room."""

from django.utils.translation import gettext_lazy as _

from accounts import events
from accounts.models import Activity, Channel
from revops.integrations.offers import Offer, offers


def register() -> None:
    """Each event with the record that decides who may hear of it."""
    offers.register(Offer(events.ActivityCompleted, _("An activity happened"), Activity, "activity_id"))
    offers.register(
        Offer(events.ChannelChanged, _("A channel was made, changed, archived or restored"), Channel, "channel_id")
    )
    # About no record of anybody's: how the company divides its accounts.
    offers.register(
        Offer(events.TerritoryChanged, _("A territory was made or renamed"), permission="accounts.view_territory")
    )
    offers.register(
        Offer(
            events.TerritoryModelActivated,
            _("Territories were divided anew"),
            permission="accounts.view_territorymodel",
        )
    )
