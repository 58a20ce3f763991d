"""Writes to territories."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Territory
from accounts.validation import refuse_invalid
from revops.core import audit
from revops.core.errors import InvalidInput
from revops.core.scope import require
from revops.core.status import edit, lock


@transaction.atomic
def create_territory(*, actor: Any, name: str) -> Territory:
    """A named region."""
    if actor is not None:
        require(actor, "accounts.add_territory")
    territory = Territory(name=name.strip())
    _check(territory)
    territory.save(force_insert=True)
    audit.record("territory.created", territory, actor=actor)
    return territory


@transaction.atomic
def rename_territory(*, territory: Territory, version: int | None, actor: Any, name: str) -> Territory:
    """Another name for the same region."""
    require(actor, "accounts.change_territory")
    territory = lock(territory, version)
    _check(Territory(name=name.strip(), pk=territory.pk))
    changed = edit(territory, {"name": name.strip()})
    if changed:
        audit.record("territory.changed", territory, actor=actor, changed=changed)
    return territory


def _check(territory: Territory) -> None:
    refuse_invalid(territory, ["name"])
    if Territory.objects.filter(name=territory.name).exclude(pk=territory.pk).exists():
        raise InvalidInput.of(name=_("There is a territory of this name."))
