"""Every write of this room."""

from accounts.services.accounts import (
    archive_account,
    create_account,
    restore_account,
    update_account,
    upsert_account,
)
from accounts.services.activities import (
    cancel_activity,
    complete_activity,
    log_activity,
    log_touch,
    plan_activity,
    update_activity,
)
from accounts.services.contacts import archive_contact, create_contact, restore_contact, update_contact
from accounts.services.leaving import hand_over_accounts
from accounts.services.territories import create_territory, rename_territory

__all__ = [
    "archive_account",
    "archive_contact",
    "cancel_activity",
    "complete_activity",
    "create_account",
    "create_contact",
    "create_territory",
    "hand_over_accounts",
    "log_activity",
    "log_touch",
    "plan_activity",
    "rename_territory",
    "restore_account",
    "restore_contact",
    "update_account",
    "update_activity",
    "update_contact",
    "upsert_account",
]
