"""Every write of this room."""

from accounts.services.accounts import (
    archive_account,
    create_account,
    restore_account,
    update_account,
)
from accounts.services.activities import (
    cancel_activity,
    complete_activity,
    log_activity,
    log_touch,
    plan_activity,
    snooze_activity,
    update_activity,
)
from accounts.services.calendars import import_calendar, make_feed, withdraw_feed
from accounts.services.captured import capture_participants, confirm_participant, dismiss_participant
from accounts.services.channels import (
    archive_channel,
    create_channel,
    hand_over_channels,
    restore_channel,
    update_channel,
)
from accounts.services.completeness import report_completeness
from accounts.services.contact_roles import set_contact_roles
from accounts.services.contacts import archive_contact, create_contact, restore_contact, update_contact
from accounts.services.documents import (
    add_version,
    archive_document,
    hand_over_documents,
    link_document,
    restore_document,
    sweep_files,
    unlink_document,
    update_document,
    upload_document,
)
from accounts.services.ending import wind_down
from accounts.services.hanging import hang, log_on, log_touch_on, plan_on
from accounts.services.leaving import hand_over_accounts, hand_over_activities, hand_over_contacts
from accounts.services.merging import merge_accounts, merge_contacts, refuse_other_account, take_apart
from accounts.services.series import arrange_activity, change_following, end_series, plan_repeated, repeat_activity
from accounts.services.territories import (
    activate_territory_model,
    add_territory_rule,
    change_territory_model,
    change_territory_rule,
    create_territory,
    create_territory_model,
    hand_over_territories,
    preview_territory_model,
    remove_territory_rule,
    rename_territory,
    run_territory_rules,
    step_territory_rules,
)
from accounts.services.twins import tell_owners
from accounts.services.upserts import upsert_account, upsert_contact

__all__ = [
    "set_contact_roles",
    "activate_territory_model",
    "add_territory_rule",
    "add_version",
    "archive_account",
    "arrange_activity",
    "archive_channel",
    "archive_contact",
    "archive_document",
    "cancel_activity",
    "capture_participants",
    "change_following",
    "complete_activity",
    "confirm_participant",
    "create_account",
    "create_channel",
    "create_contact",
    "change_territory_model",
    "change_territory_rule",
    "create_territory",
    "create_territory_model",
    "hand_over_territories",
    "preview_territory_model",
    "remove_territory_rule",
    "run_territory_rules",
    "step_territory_rules",
    "take_apart",
    "tell_owners",
    "dismiss_participant",
    "end_series",
    "hand_over_accounts",
    "hang",
    "log_on",
    "log_touch_on",
    "plan_on",
    "hand_over_activities",
    "hand_over_channels",
    "hand_over_contacts",
    "hand_over_documents",
    "import_calendar",
    "link_document",
    "log_activity",
    "log_touch",
    "make_feed",
    "merge_accounts",
    "merge_contacts",
    "plan_activity",
    "plan_repeated",
    "refuse_other_account",
    "rename_territory",
    "repeat_activity",
    "report_completeness",
    "restore_account",
    "restore_channel",
    "restore_contact",
    "restore_document",
    "snooze_activity",
    "sweep_files",
    "unlink_document",
    "update_account",
    "update_activity",
    "update_channel",
    "update_contact",
    "update_document",
    "upload_document",
    "upsert_account",
    "upsert_contact",
    "wind_down",
    "withdraw_feed",
]
