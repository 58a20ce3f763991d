"""Pages that lay two records beside each other, for the walk through every page."""

from collections.abc import Callable
from typing import Any

from accounts.models import Account, Contact
from leads.models import DuplicatePair
from tests.accounts.builders import make_account, make_contact


def merge_keys(world: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    """Two of each kind; the pair of leads waits in the queue again."""
    pair = DuplicatePair.objects.get(pk=world["duplicate"])
    DuplicatePair.objects.filter(pk=pair.pk).update(state=DuplicatePair.State.WAITING)
    account = Account.objects.get(pk=world["account"])
    contact = Contact.objects.get(pk=world["contact"])
    other = make_account(account.owner, "Beside Works", phone="+49 30 1234567")
    twin = make_contact(contact.account, contact.last_name, first_name="Bea", title="Buyer")
    return {
        "account-merge": lambda: {"pk": account.pk, "other": other.pk},
        "contact-merge": lambda: {"pk": contact.pk, "other": twin.pk},
        "lead-merge": lambda: {"pk": pair.low_id, "other": pair.high_id},
        "merge-panel": lambda: {"kind": "accounts.account", "pk": account.pk},
        "merge-choose": lambda: {"kind": "accounts.account", "pk": account.pk},
        "duplicate-decide": lambda: {"pk": pair.pk, "verb": "later"},
        "lead-not-the-same": lambda: {"pk": pair.low_id, "other": pair.high_id},
    }
