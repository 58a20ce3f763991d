"""People, teams, tokens, calendars."""

from revops.users.models.calendars import Absence, Holiday, WorkingCalendar, WorkingHours
from revops.users.models.notices import Notification, NotificationPreference
from revops.users.models.offboarding import OffboardingRun
from revops.users.models.people import ApiToken, User
from revops.users.models.shares import RecordShare
from revops.users.models.teams import Team, TeamMembership, TeamPlacement

__all__ = [
    "Absence",
    "ApiToken",
    "Holiday",
    "Notification",
    "NotificationPreference",
    "OffboardingRun",
    "RecordShare",
    "Team",
    "TeamMembership",
    "TeamPlacement",
    "User",
    "WorkingCalendar",
    "WorkingHours",
]
