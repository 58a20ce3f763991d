"""Every write of this room. Callers say `services.move_opportunity(...)`; which module holds it is our business."""

from opportunities.services.activities import log_on_opportunity, plan_on_opportunity
from opportunities.services.moves import move_opportunity, reopen_opportunity, set_category, win_by_quote
from opportunities.services.opportunities import (
    add_team_member,
    create_opportunity,
    hand_over_deals,
    remove_team_member,
    update_opportunity,
)
from opportunities.services.splits import set_splits

__all__ = [
    "add_team_member",
    "create_opportunity",
    "hand_over_deals",
    "log_on_opportunity",
    "move_opportunity",
    "plan_on_opportunity",
    "remove_team_member",
    "reopen_opportunity",
    "set_category",
    "set_splits",
    "update_opportunity",
    "win_by_quote",
]
