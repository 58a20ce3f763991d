"""Reads that have a shape."""

from accounts.selectors.activities import activity_list, overdue_activities
from accounts.selectors.companies import account_list, contact_list, family_of, territory_list
from accounts.selectors.documents import document_list, same_file
from accounts.selectors.duplicates import account_duplicates, contact_duplicates
from accounts.selectors.timeline import TimelineEntry, timeline

__all__ = [
    "TimelineEntry",
    "account_duplicates",
    "account_list",
    "activity_list",
    "contact_duplicates",
    "contact_list",
    "document_list",
    "family_of",
    "overdue_activities",
    "same_file",
    "territory_list",
    "timeline",
]
