"""What other rooms may want to know."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ActivityCompleted:
    """A call, meeting, visit or task happened (logged afterwards, or planned and now done)."""

    activity_id: int
    kind: str


@dataclass(frozen=True)
class TerritoryModelActivated:
    """Another division of the accounts came into force; so many accounts changed territory or owner."""

    model_id: int
    accounts: int
