"""When somebody leaves: what they held goes to somebody who stays."""

from typing import Any

from django.db import transaction

from accounts.models import Account, Activity, Contact
from accounts.services.accounts import update_account
from accounts.services.activities import update_activity
from accounts.services.contacts import update_contact


@transaction.atomic
def hand_over_accounts(*, user: Any, to: Any, actor: Any) -> int:
    """Accounts, contacts and planned activities of `user` go to `to`; says how many."""
    accounts = list(Account.objects.filter(owner=user, archived_at__isnull=True).order_by("pk"))
    contacts = list(Contact.objects.filter(owner=user, archived_at__isnull=True).order_by("pk"))
    planned = list(Activity.objects.planned().filter(owner=user).order_by("pk"))
    for account in accounts:
        update_account(account=account, version=None, actor=actor, owner=to)
    for contact in contacts:
        update_contact(contact=contact, version=None, actor=actor, owner=to)
    for activity in planned:
        update_activity(activity=activity, version=None, actor=actor, owner=to)
    return len(accounts) + len(contacts) + len(planned)
