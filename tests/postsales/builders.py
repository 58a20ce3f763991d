"""Cases for tests."""

from itertools import count
from typing import Any

from accounts.models import Account
from postsales import services
from postsales.models import SupportCase
from revops.users.models import User

_serial = count(1)


def make_case(account: Account, subject: str = "", *, actor: User | None = None, **fields: Any) -> SupportCase:
    """A new case on the account, opened and owned by the account's owner unless told otherwise."""
    actor = actor or account.owner
    fields.setdefault("owner", actor)
    return services.open_case(actor=actor, account=account, subject=subject or f"Question {next(_serial)}", **fields)
