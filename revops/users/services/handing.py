"""Giving many rows to another holder at once: one update and one batch of audit rows, however many."""

from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from revops.core import audit, clock
from revops.core.models import AuditEntry, SavedView
from revops.core.status import edit, lock
from revops.users.models import User
from revops.users.selectors.holdings import managed_by
from revops.users.services.teams import add_manager, end_membership

CHUNK = 500


@transaction.atomic
def hand_rows(
    *, rows: QuerySet[Any], user: User, to: User, actor: User | None, action: str, field: str = "owner"
) -> list[Any]:
    """Give the first rows of `user` among `rows` to `to`; the keys of what went. None are left when it is empty."""
    found = list(rows.filter(**{field: user}).select_for_update(of=("self",)).order_by("pk")[:CHUNK])
    if not found:
        return []
    now = clock.now()
    changes: dict[str, Any] = {field: to, "updated_at": now}
    if hasattr(found[0], "version"):
        changes["version"] = F("version") + 1
    rows.model._base_manager.filter(pk__in=[row.pk for row in found]).update(**changes)
    AuditEntry.objects.bulk_create(
        [audit.entry(action, row, actor=actor, changed={field: (user, to)}, handed_over=True) for row in found]
    )
    return [row.pk for row in found]


@transaction.atomic
def hand_over_views(*, user: User, to: User, actor: User | None) -> int:
    """Views of lists that `user` shared with everybody; a name that `to` has already gets the leaver's behind it."""
    views = list(SavedView.objects.filter(owner=user, shared=True).order_by("pk")[:CHUNK])
    for found in views:
        view = lock(found)
        taken = SavedView.objects.filter(owner=to, place=view.place, name__iexact=view.name).exists()
        name = f"{view.name[:50]} ({user.username[:20]}, {view.pk})" if taken else view.name
        audit.record("view.handed_over", view, actor=actor, changed=edit(view, {"owner": to, "name": name}))
    return len(views)


@transaction.atomic
def hand_over_teams(*, user: User, to: User, actor: User | None) -> int:
    """Teams that `user` manages are managed by `to` from today on; who managed them until now stays written."""
    today = clock.today()
    rows = list(managed_by(user).select_related("team"))
    for row in rows:
        end_membership(membership=row, end=today, actor=actor)
        if not managed_by(to).filter(team=row.team).exists():
            add_manager(team=row.team, user=to, start=today, actor=actor)
    return len(rows)
