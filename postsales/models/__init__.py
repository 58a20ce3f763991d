"""Cases and the levels of service that they are owed."""

from postsales.models.cases import CaseComment, CaseStatusLog, SlaBreach, SupportCase
from postsales.models.documents import CaseDocument
from postsales.models.levels import Priority, SlaPolicy, SlaTarget

__all__ = [
    "CaseComment",
    "CaseDocument",
    "CaseStatusLog",
    "Priority",
    "SlaBreach",
    "SlaPolicy",
    "SlaTarget",
    "SupportCase",
]
