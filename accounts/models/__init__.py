"""Companies, people, what we do with them, and the papers about them."""

from accounts.models.activities import Activity, ActivityLink
from accounts.models.captured import ActivityAttendee, CapturedParticipant
from accounts.models.companies import Account, Channel, Contact, Territory
from accounts.models.documents import (
    AccountDocument,
    ContactDocument,
    Document,
    DocumentLink,
    DocumentText,
    DocumentVersion,
    linked_once,
)
from accounts.models.roles import ContactRole
from accounts.models.series import ActivitySeries, CalendarFeed, ImportedEvent
from accounts.models.shares import AccountShare
from accounts.models.territories import TerritoryAssignment, TerritoryChange, TerritoryModel, TerritoryRule

__all__ = [
    "ActivityAttendee",
    "ActivityLink",
    "CapturedParticipant",
    "Channel",
    "AccountShare",
    "Account",
    "AccountDocument",
    "Activity",
    "ActivitySeries",
    "CalendarFeed",
    "ImportedEvent",
    "Contact",
    "ContactDocument",
    "ContactRole",
    "Document",
    "DocumentLink",
    "DocumentText",
    "DocumentVersion",
    "Territory",
    "TerritoryAssignment",
    "TerritoryChange",
    "TerritoryModel",
    "TerritoryRule",
    "linked_once",
]
