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
    cancel_check,
    cancel_step,
    check_step,
    commit_step,
    start_check,
    start_commit,
    start_undo,
    undo_step,
)
from revops.integrations.services.corrections import correct_row
from revops.integrations.services.leaving import hand_over_webhooks
from revops.integrations.services.messages import (
    claim_messages,
    forget_messages,
    record_attempt,
    replay_failed,
    replay_message,
)
from revops.integrations.services.runs import check_run, create_run, map_run
from revops.integrations.services.webhooks import (
    archive_webhook,
    create_webhook,
    pause_webhook,
    restore_webhook,
    resume_webhook,
    rotate_secret,
    send_test,
    take_over_webhook,
    update_webhook,
)

__all__ = [
    "correct_row",
    "CHECKED_AT_ONCE",
    "approve_change",
    "archive_webhook",
    "cancel_check",
    "cancel_step",
    "check_run",
    "check_step",
    "claim_messages",
    "commit_step",
    "complete_change",
    "create_run",
    "create_webhook",
    "forget_messages",
    "hand_over_webhooks",
    "map_run",
    "measure_change",
    "pause_webhook",
    "propose_change",
    "record_attempt",
    "reject_change",
    "replay_failed",
    "replay_message",
    "restore_webhook",
    "resume_webhook",
    "rotate_secret",
    "send_test",
    "start_check",
    "start_commit",
    "start_undo",
    "take_over_webhook",
    "undo_step",
    "update_change",
    "update_webhook",
]
