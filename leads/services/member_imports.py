"""Set-based writer of imported campaign members: who responded has a touch, as by the single-row service."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Contact
from leads.models import CampaignMember, Lead, TouchPoint
from revops.core import clock, merging
from revops.integrations.models import ImportRow
from revops.integrations.staging import save_written
from revops.integrations.writing import KEPT, undo_rows, write_rows

RESPONDED = CampaignMember.Status.RESPONDED
NOUN = "campaignmember"


@transaction.atomic
def import_members(*, rows: Sequence[ImportRow], actor: Any) -> None:
    """Choose people and move members forward."""
    now = clock.now()
    rows = _still_new(rows)

    def prepare(members: Sequence[CampaignMember]) -> None:
        for member in members:
            if member.status == RESPONDED and member.responded_at is None:
                member.responded_at = now

    made, changed = write_rows(CampaignMember, rows, actor=actor, noun=NOUN, prepare=prepare, derived=("responded_at",))
    answered = [member for member in (*made, *changed) if member.responded_at == now]
    TouchPoint.objects.bulk_create(
        [
            TouchPoint(
                campaign_id=member.campaign_id,
                lead_id=member.lead_id,
                contact_id=member.contact_id,
                kind=TouchPoint.Kind.OTHER,
                at=now,
            )
            for member in answered
        ],
        batch_size=1000,
    )


def _still_new(rows: Sequence[ImportRow]) -> list[ImportRow]:
    """Without those who are in the campaign by now as what they were merged into: they stay as they are."""
    kept, there = list(rows), set[Any]()
    for name, model in (("lead_id", Lead), ("contact_id", Contact)):
        new = [row for row in kept if row.verdict == ImportRow.Verdict.CREATE and row.values.get(name)]
        into = merging.standing_keys(model, [row.values[name] for row in new])
        if all(key == other for key, other in into.items()):
            continue
        members = CampaignMember.objects.filter(campaign__in={row.values["campaign_id"] for row in new})
        there = set(members.filter(**{f"{name}__in": {*into.values()}}).values_list("campaign_id", name))
        for row in new:
            row.values[name] = into[row.values[name]]
            mark = (row.values["campaign_id"], row.values[name])
            if mark in there:
                kept.remove(row)
            there.add(mark)
    return kept


@transaction.atomic
def undo_members(*, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
    """Take those away that the file brought, with their touch; who was moved forward stays where they are."""
    new = [row for row in rows if row.verdict == ImportRow.Verdict.CREATE]
    moved = [row for row in rows if row.verdict != ImportRow.Verdict.CREATE]

    def clear(members: Sequence[CampaignMember]) -> None:
        for member in members:
            if member.responded_at is not None:
                whom: dict[str, Any] = {"lead_id": member.lead_id, "contact_id": member.contact_id}
                TouchPoint.objects.filter(
                    campaign_id=member.campaign_id, at=member.responded_at, kind=TouchPoint.Kind.OTHER, **whom
                ).delete()

    kept = undo_rows(CampaignMember, new, actor=actor, noun=NOUN, clear=clear)
    text = _("A member moves forward only.")
    for row in moved:
        row.outcome, row.kept = KEPT, text
    save_written(moved)
    return kept | {row.number: text for row in moved}
