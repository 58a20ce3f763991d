"""What this room tells others."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CaseOpened:
    """A customer's case was opened."""

    case_id: int
    account_id: int


@dataclass(frozen=True)
class CaseResolved:
    """A case was solved."""

    case_id: int
    account_id: int


@dataclass(frozen=True)
class SlaBreached:
    """A case missed a target ("response" or "resolution"); told at most once a case and target."""

    case_id: int
    target: str
    due_at: str
