"""Every write of this room. Callers say `services.move_opportunity(...)`; which module holds it is our business."""

from opportunities.services.activities import log_on_opportunity, plan_on_opportunity
from opportunities.services.approvals import (
    approve_quote_step,
    create_approval_rule,
    recall_quote,
    reject_quote_step,
    submit_quote,
    update_approval_rule,
)
from opportunities.services.archive import archive_opportunity, restore_opportunity
from opportunities.services.handoffs import accept_handoff, convert_lead
from opportunities.services.leaving import hand_over_approvals, hand_over_deals, hand_over_shares
from opportunities.services.moves import move_opportunity, reopen_opportunity, set_category, win_by_quote
from opportunities.services.needs import (
    add_need,
    baseline_analysis,
    carry_needs,
    change_need,
    open_analysis,
    remove_need,
    validate_analysis,
)
from opportunities.services.opportunities import create_opportunity, update_opportunity
from opportunities.services.pipelines import (
    create_loss_reason,
    create_pipeline,
    create_stage,
    update_loss_reason,
    update_pipeline,
    update_stage,
)
from opportunities.services.quotes import (
    accept_quote,
    create_quote,
    expire_quotes,
    note_on_quote,
    reject_quote,
    revise_quote,
    send_quote,
    update_quote,
)
from opportunities.services.splits import set_splits
from opportunities.services.team import (
    add_team_member,
    end_membership,
    end_sdr_part,
    remove_team_member,
    set_overlay,
)
from opportunities.services.upserts import upsert_opportunity

__all__ = [
    "add_need",
    "baseline_analysis",
    "carry_needs",
    "change_need",
    "end_membership",
    "end_sdr_part",
    "open_analysis",
    "remove_need",
    "set_overlay",
    "validate_analysis",
    "note_on_quote",
    "upsert_opportunity",
    "restore_opportunity",
    "archive_opportunity",
    "accept_handoff",
    "accept_quote",
    "add_team_member",
    "approve_quote_step",
    "convert_lead",
    "create_approval_rule",
    "create_loss_reason",
    "create_opportunity",
    "create_pipeline",
    "create_quote",
    "create_stage",
    "expire_quotes",
    "hand_over_approvals",
    "hand_over_deals",
    "hand_over_shares",
    "log_on_opportunity",
    "move_opportunity",
    "plan_on_opportunity",
    "recall_quote",
    "reject_quote",
    "reject_quote_step",
    "remove_team_member",
    "reopen_opportunity",
    "revise_quote",
    "send_quote",
    "set_category",
    "set_splits",
    "submit_quote",
    "update_approval_rule",
    "update_loss_reason",
    "update_opportunity",
    "update_pipeline",
    "update_quote",
    "update_stage",
    "win_by_quote",
]
