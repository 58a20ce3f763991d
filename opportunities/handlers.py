"""What follows in this room when something happened in a lower one."""

from accounts.events import ActivityCompleted
from accounts.models import Activity
from opportunities import services
from opportunities.models import Opportunity


def end_sdr_part(event: ActivityCompleted) -> None:
    """A meeting on a deal may be the last one that its SDR takes part in."""
    if event.kind == Activity.Kind.MEETING:
        for deal in Opportunity.objects.filter(opportunity_activities__activity_id=event.activity_id):
            services.end_sdr_part(opportunity=deal)
