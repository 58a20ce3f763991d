"""Cases and the levels of service that they are owed."""

from postsales.models.activities import CaseActivity
from postsales.models.cases import CaseComment, CaseStatusLog, SlaBreach, SupportCase
from postsales.models.documents import CaseDocument
from postsales.models.levels import Priority, SlaPolicy, SlaTarget
from postsales.models.shares import CaseShare

__all__ = [
    "CaseActivity",
    "CaseShare",
    "CaseComment",
    "CaseDocument",
    "CaseStatusLog",
    "Priority",
    "SlaBreach",
    "SlaPolicy",
    "SlaTarget",
    "SupportCase",
]
