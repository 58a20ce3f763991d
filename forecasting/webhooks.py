"""What webhooks may tell of this room."""

from django.utils.translation import gettext_lazy as _

from forecasting import events
from forecasting.models.goals import Goal
from revops.integrations.offers import Offer, offers


def register() -> None:
    """Each event with the record that decides who may hear of it."""
    offers.register(Offer(events.GoalSet, _("A goal was set"), Goal, "goal_id"))
    offers.register(Offer(events.GoalChanged, _("A goal changed, or was broken down anew"), Goal, "goal_id"))
