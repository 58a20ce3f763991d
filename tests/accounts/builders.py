"""Accounts, contacts and activities for tests."""

from itertools import count
from typing import Any

from accounts import services
from accounts.models import Account, Activity, Contact
from revops.users.models import User

_serial = count(1)


def make_account(owner: User, name: str = "", **fields: Any) -> Account:
    return services.create_account(actor=owner, name=name or f"Company {next(_serial)}", **fields)


def make_contact(account: Account, last_name: str = "", *, actor: User | None = None, **fields: Any) -> Contact:
    return services.create_contact(
        actor=actor or account.owner, account=account, last_name=last_name or f"Person{next(_serial)}", **fields
    )


def make_call(account: Account, *, actor: User | None = None, **fields: Any) -> Activity:
    fields.setdefault("subject", "Asked about the budget")
    return services.log_activity(actor=actor or account.owner, kind="call", account=account, **fields)
