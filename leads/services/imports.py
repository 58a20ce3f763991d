"""Set-based writer of imported leads: keys, first assignment, fit and event as the single-row service leaves them."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.keys import lead_keys, take_keys
from leads.events import LeadCreated
from leads.models import Assignment, Lead
from leads.services._assignments import FIRST_ANSWER_MINUTES
from leads.services.scoring import _fit_many
from revops.core import clock, outbox
from revops.integrations.models import ImportRow
from revops.integrations.writing import undo_rows, write_rows
from revops.users.calendars import default_calendar, due_after

OWN = frozenset({"leads.assignment", "leads.fitscore"})


@transaction.atomic
def import_leads(*, rows: Sequence[ImportRow], actor: Any) -> None:
    """Create and update leads. New ones are held by the owner that the file names, else by who imports them."""
    made, changed = write_rows(Lead, rows, actor=actor, noun="lead", prepare=_keys)
    now = clock.now()
    due = due_after(now, FIRST_ANSWER_MINUTES, default_calendar())
    Assignment.objects.bulk_create(
        [
            Assignment(lead=lead, user_id=lead.owner_id, reason=_("Came in by a file"), assigned_at=now, sla_due_at=due)
            for lead in made
        ],
        batch_size=1000,
    )
    _fit_many([*made, *changed])
    outbox.publish_all([LeadCreated(lead_id=lead.pk, route=False) for lead in made])


def _keys(records: Sequence[Lead]) -> None:
    for lead in records:
        take_keys(lead, lead_keys(lead))


@transaction.atomic
def undo_leads(*, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
    """Delete leads that nobody worked on since; restore the updated ones."""

    def keys(pairs: Sequence[tuple[ImportRow, Any]]) -> None:
        for row, lead in pairs:
            kept = {field.attname: getattr(lead, field.attname) for field in Lead._meta.concrete_fields if not field.generated}
            row.before |= lead_keys(Lead(**{**kept, **{name: row.before[name] for name in row.before if name in kept}}))

    return undo_rows(Lead, rows, actor=actor, noun="lead", own_models=OWN, restore=keys)
