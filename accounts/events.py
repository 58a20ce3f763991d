"""What other rooms may want to know."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ActivityCompleted:
    """A call, meeting, visit or task happened (logged afterwards, or planned and now done)."""

    activity_id: int
    kind: str


@dataclass(frozen=True)
class ChannelChanged:
    """A route to market; `change` says created, changed, archived or restored."""

    channel_id: int
    change: str


@dataclass(frozen=True)
class TerritoryChanged:
    """A named region; `change` says created or renamed."""

    territory_id: int
    change: str


@dataclass(frozen=True)
class TerritoryModelActivated:
    """Another division of the accounts came into force; so many accounts changed territory or owner."""

    model_id: int
    accounts: int
