"""Every write of post-sales."""

from postsales.services.cases import (
    ask_customer,
    assign_case,
    close_case,
    customer_answered,
    hand_over_cases,
    note_case,
    open_case,
    reopen_case,
    reply_case,
    resolve_case,
    set_priority,
    update_case,
)
from postsales.services.levels import create_policy, default_policy, set_targets, update_policy, watch_case

__all__ = [
    "ask_customer",
    "assign_case",
    "close_case",
    "create_policy",
    "customer_answered",
    "default_policy",
    "hand_over_cases",
    "note_case",
    "open_case",
    "reopen_case",
    "reply_case",
    "resolve_case",
    "set_priority",
    "set_targets",
    "update_case",
    "update_policy",
    "watch_case",
]
