"""Two accounts or two contacts become one, and two again."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Account, Contact
from accounts.services.accounts import _lock_tree
from revops.core import merging, unmerging
from revops.core.errors import IllegalState
from revops.core.models import MergeRecord


@transaction.atomic
def merge_accounts(
    *, winner: Account, loser: Account, version: int | None, actor: Any, choices: Mapping[str, str] | None = None
) -> MergeRecord:
    """The loser becomes an alias of the winner. Its children, people and papers go along; what was issued stays."""
    _lock_tree()
    above = _parent_after(winner, loser)
    forced = {} if above is _SAME else {"parent": above}
    return merging.merge(winner=winner, loser=loser, choices=choices or {}, version=version, actor=actor, forced=forced)


_SAME: Any = object()


def _parent_after(winner: Account, loser: Account) -> Any:
    """Under whom the winner hangs: as before; under the loser's parent, if it hung somewhere under the loser, or under
    nobody and the loser's parent is not itself below the winner.
    """
    own = Account.objects.filter(pk=winner.pk).values_list("parent_id", flat=True).first()
    lost = Account.objects.select_related("parent").filter(pk=loser.pk).first()
    beyond = lost.parent if lost is not None else None
    if own is not None and loser.pk in _above(winner.pk):
        return beyond
    if own is None and beyond is not None and winner.pk != beyond.pk and winner.pk not in _above(beyond.pk):
        return beyond
    return _SAME


def _above(pk: int) -> list[int]:
    """Everybody above an account, nearest first."""
    found: list[int] = []
    parent = Account.objects.filter(pk=pk).values_list("parent_id", flat=True).first()
    while parent is not None and parent not in found:
        found.append(parent)
        parent = Account.objects.filter(pk=parent).values_list("parent_id", flat=True).first()
    return found


@transaction.atomic
def merge_contacts(
    *, winner: Contact, loser: Contact, version: int | None, actor: Any, choices: Mapping[str, str] | None = None
) -> MergeRecord:
    """The loser becomes an alias of the winner; what was said and sold goes along."""
    return merging.merge(winner=winner, loser=loser, choices=choices or {}, version=version, actor=actor)


@transaction.atomic
def refuse_other_account(*, winner: Contact, loser: Contact, actor: Any) -> None:
    """A deal's contact is one at its account: what points at the loser must be at home with the winner."""
    if winner.account_id != loser.account_id:
        raise IllegalState(
            "different_accounts",
            _("They are at different accounts: merge the accounts, or move one of the two, first."),
            facts={"accounts": [winner.account_id, loser.account_id]},
        )


@transaction.atomic
def take_apart(*, merge: MergeRecord, actor: Any) -> MergeRecord:
    """Two records again; what somebody changed since is kept and listed."""
    if merge.model == Account._meta.label_lower:
        _lock_tree()
    return unmerging.unmerge(merge=merge, actor=actor)
