"""What other rooms, and this one's workers, may want to know."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LeadCreated:
    """A lead came in; `route` says that the router is to find its owner."""

    lead_id: int
    route: bool


@dataclass(frozen=True)
class LeadAnswered:
    """Criteria were answered, so the qualification score is out of date."""

    lead_id: int


@dataclass(frozen=True)
class LeadQualified:
    """A lead passed the scorecard."""

    lead_id: int


@dataclass(frozen=True)
class HandoffSubmitted:
    """A package waits for its seller."""

    handoff_id: int
    lead_id: int


@dataclass(frozen=True)
class HandoffDecided:
    """Accepted, rejected or expired."""

    handoff_id: int
    lead_id: int
    status: str


@dataclass(frozen=True)
class ScoringChanged:
    """A scorecard or a fit rule changed, so every open lead is scored again."""

    what: str
