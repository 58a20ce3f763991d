"""What happens here that others may need to know."""

from dataclasses import dataclass


@dataclass(frozen=True)
class QuoteAccepted:
    """A customer accepted a quote; its deal is won."""

    quote_id: int
    opportunity_id: int


@dataclass(frozen=True)
class OpportunityMoved:
    """A deal changed its stage. Stages are named by their keys; `from_stage` is empty for a new deal."""

    opportunity_id: int
    from_stage: str
    to_stage: str
