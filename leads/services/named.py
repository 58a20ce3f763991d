"""Companies that are somebody's before there is an account."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.keys import domain_of, name_key
from accounts.validation import refuse_invalid, refuse_unknown, tidy
from leads.models import NamedAccount
from revops.core import audit
from revops.core.errors import InvalidInput
from revops.core.scope import require
from revops.core.status import edit, lock
from revops.users.services import hand_rows

FIELDS = ("company", "website", "user", "is_active")


@transaction.atomic
def name_account(*, actor: Any, **fields: Any) -> NamedAccount:
    """Give a company's leads to a person, before there is an account."""
    if actor is not None:
        require(actor, "leads.add_namedaccount")
    refuse_unknown(fields, FIELDS)
    row = NamedAccount(**_keyed(tidy(fields)))
    _check(row)
    row.save(force_insert=True)
    audit.record("namedaccount.created", row, actor=actor, user=row.user)
    return row


@transaction.atomic
def change_named_account(*, row: NamedAccount, version: int | None, actor: Any, **changes: Any) -> NamedAccount:
    """Give it to somebody else, put its name right, or take it off the list."""
    require(actor, "leads.change_namedaccount")
    refuse_unknown(changes, FIELDS)
    row = lock(row, version)
    wanted = {**{name: getattr(row, name) for name in FIELDS}, **tidy(changes)}
    trial = NamedAccount(**_keyed(wanted))
    trial.pk = row.pk
    _check(trial)
    changed = edit(row, _keyed(wanted))
    if changed:
        audit.record("namedaccount.changed", row, actor=actor, changed=changed)
    return row


@transaction.atomic
def hand_over_named_accounts(*, user: Any, to: Any, actor: Any) -> int:
    """The companies on the list of `user`."""
    rows = NamedAccount.objects.filter(is_active=True)
    return len(hand_rows(rows=rows, user=user, to=to, actor=actor, action="namedaccount.changed", field="user"))


def _keyed(fields: Mapping[str, Any]) -> dict[str, Any]:
    keys = {"name_key": name_key(fields["company"]), "domain": domain_of(fields.get("website", ""))}
    return {**fields, **keys}


def _check(row: NamedAccount) -> None:
    refuse_invalid(row, ["company", "website"])
    if not row.user.works_here:
        raise InvalidInput.of(user=_("%(name)s does not work here.") % {"name": row.user})
    twins = NamedAccount.objects.filter(name_key=row.name_key, is_active=True).exclude(pk=row.pk)
    if row.is_active and twins.exists():
        raise InvalidInput.of(company=_("This company is on somebody's list already."))
