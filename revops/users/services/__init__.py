"""Every write about people, teams, roles, tokens and calendars."""

from revops.users.services.calendars import (
    add_absence,
    add_holiday,
    create_calendar,
    fill_holidays,
    set_holidays,
    set_hours,
    update_calendar,
)
from revops.users.services.handing import hand_over_teams, hand_over_views, hand_rows
from revops.users.services.mails import (
    forget_notices,
    note_mail_failed,
    note_mailed,
    take_due_mails,
    unsubscribe,
)
from revops.users.services.notices import (
    notify,
    prefer_notification,
    read_all_notifications,
    read_notification,
    sweep_notifications,
    tell_job_ended,
)
from revops.users.services.offboarding import (
    cancel_offboarding,
    deactivate_user,
    start_offboarding,
    step_offboarding,
)
from revops.users.services.people import (
    create_user,
    set_password,
    set_preferences,
    set_reach,
    set_roles,
    update_user,
)
from revops.users.services.roles import sync_roles
from revops.users.services.shares import revoke_share, share_record
from revops.users.services.teams import (
    add_manager,
    add_member,
    create_team,
    end_membership,
    move_member,
    place_team,
    rename_team,
)
from revops.users.services.tokens import create_token, note_token_use, revoke_token

__all__ = [
    "add_absence",
    "add_holiday",
    "add_manager",
    "add_member",
    "cancel_offboarding",
    "create_calendar",
    "create_team",
    "create_token",
    "create_user",
    "deactivate_user",
    "end_membership",
    "fill_holidays",
    "forget_notices",
    "hand_over_teams",
    "hand_over_views",
    "hand_rows",
    "move_member",
    "note_mail_failed",
    "note_mailed",
    "note_token_use",
    "notify",
    "place_team",
    "prefer_notification",
    "read_all_notifications",
    "read_notification",
    "rename_team",
    "revoke_share",
    "revoke_token",
    "set_holidays",
    "set_hours",
    "set_password",
    "set_preferences",
    "set_reach",
    "set_roles",
    "share_record",
    "start_offboarding",
    "step_offboarding",
    "sweep_notifications",
    "sync_roles",
    "take_due_mails",
    "tell_job_ended",
    "unsubscribe",
    "update_calendar",
    "update_user",
]
