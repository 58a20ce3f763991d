"""Every write of this room. Callers say `services.move_opportunity(...)`; which module holds it is our business."""

from opportunities.services.activities import log_on_opportunity, log_touch, plan_on_opportunity
from opportunities.services.approvals import (
    approve_quote_step,
    create_approval_rule,
    recall_quote,
    reject_quote_step,
    submit_quote,
    update_approval_rule,
)
from opportunities.services.handoffs import accept_handoff, convert_lead
from opportunities.services.moves import move_opportunity, reopen_opportunity, set_category, win_by_quote
from opportunities.services.opportunities import (
    add_team_member,
    create_opportunity,
    hand_over_deals,
    remove_team_member,
    update_opportunity,
)
from opportunities.services.quotes import (
    accept_quote,
    create_quote,
    expire_quotes,
    reject_quote,
    revise_quote,
    send_quote,
    update_quote,
)
from opportunities.services.splits import set_splits

__all__ = [
    "accept_handoff",
    "convert_lead",
    "accept_quote",
    "approve_quote_step",
    "create_approval_rule",
    "create_quote",
    "expire_quotes",
    "recall_quote",
    "reject_quote",
    "reject_quote_step",
    "revise_quote",
    "send_quote",
    "submit_quote",
    "update_approval_rule",
    "update_quote",
    "add_team_member",
    "create_opportunity",
    "hand_over_deals",
    "log_on_opportunity",
    "log_touch",
    "move_opportunity",
    "plan_on_opportunity",
    "remove_team_member",
    "reopen_opportunity",
    "set_category",
    "set_splits",
    "update_opportunity",
    "win_by_quote",
]
