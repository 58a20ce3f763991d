"""Owners hear when somebody who cannot see their record makes its like."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from revops.core import clock
from revops.users.services import notify


@transaction.atomic
def tell_owners(*, rows: Iterable[Any], actor: Any) -> int:
    """Each owner of a record that looks like what `actor` has just made, once a day; says how many are told."""
    told = 0
    for row in rows:
        holder = row.owner or getattr(getattr(row, "queue", None), "owner", None)
        if holder is None:
            continue
        told += notify(
            to=holder,
            kind="duplicate.hidden",
            title=format_lazy(_("{name} entered what looks like {record}"), name=str(actor), record=str(row)[:120]),
            body=_("They do not see yours. Get in touch before a customer hears from both of you."),
            url=row.get_absolute_url(),
            actor=actor,
            about=row,
            key=f"twin:{row._meta.label_lower}:{row.pk}:{actor.pk}:{clock.today()}",
        )
    return told
