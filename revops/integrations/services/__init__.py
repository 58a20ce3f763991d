"""Every write of this room."""

from revops.integrations.services.changes import (
    approve_change,
    complete_change,
    measure_change,
    propose_change,
    reject_change,
    update_change,
)
from revops.integrations.services.commits import (
    CHECKED_AT_ONCE,
    cancel_step,
    check_step,
    commit_step,
    start_check,
    start_commit,
    start_undo,
    undo_step,
)
from revops.integrations.services.runs import check_run, create_run, map_run, refuse_unanswered

__all__ = [
    "CHECKED_AT_ONCE",
    "approve_change",
    "cancel_step",
    "check_run",
    "check_step",
    "commit_step",
    "complete_change",
    "create_run",
    "map_run",
    "measure_change",
    "propose_change",
    "refuse_unanswered",
    "reject_change",
    "start_check",
    "start_commit",
    "start_undo",
    "undo_step",
    "update_change",
]
