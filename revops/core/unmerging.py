"""Two records again: what a merge did is taken back, and what somebody did since is left as it is, and listed."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from revops.core import audit, clock
from revops.core.errors import IllegalState, InvalidInput
from revops.core.merging import (
    BATCH,
    decision_of,
    key_of,
    one_at_a_time,
    point_at_record,
    relations_of,
    stored_fields,
    text_of,
    until,
    value_of,
)
from revops.core.models import MergeMove, MergeRecord
from revops.core.registries import MergeKind, merge_kinds, merge_steps, steps_for
from revops.core.scope import require
from revops.core.status import edit, lock

Kind = MergeMove.Kind


@transaction.atomic
def unmerge(*, merge: MergeRecord, actor: Any) -> MergeRecord:
    """Two records again, as they were; what somebody changed since is kept and listed in `kept`."""
    kind = merge_kinds.get(merge.model)
    if kind is None:
        raise InvalidInput.of(merge=_("Records of this kind are not merged."))
    if actor is not None:
        require(actor, kind.permission, _("Your role does not take merges apart."))
    one_at_a_time()
    row = MergeRecord.objects.select_for_update().get(pk=merge.pk)
    _refuse_undo(row)
    stubs = sorted((kind.model(pk=row.winner_id), kind.model(pk=row.loser_id)), key=lambda one: one.pk)
    locked = {one.pk: lock(one) for one in stubs}
    winner, loser = locked[row.winner_id], locked[row.loser_id]
    kept: list[dict[str, Any]] = []
    _restore_fields(kind, winner, row, kept)
    edit(loser, _loser_back(kind, loser, row))
    for move in row.moves.order_by("-pk").iterator(chunk_size=BATCH):
        _take_back(move, winner, loser, kept)
    for step in steps_for(merge_steps, f"{kind.key}.undone"):
        step.run(winner=winner, loser=loser, actor=actor)
    row.undone_at, row.undone_by, row.kept = clock.now(), actor if actor is not None and actor.pk else None, kept
    row.save(update_fields=["undone_at", "undone_by", "kept"])
    audit.record("record.unmerged", winner, actor=actor, apart=loser, kept=kept, merge=row.pk)
    audit.record("record.unmerged", loser, actor=actor, apart=winner, merge=row.pk)
    return row


def _refuse_undo(row: MergeRecord) -> None:
    if row.undone_at is not None:
        raise IllegalState("undone", _("This merge was taken apart already."))
    if clock.now() > until(row):
        raise IllegalState("too_late", _("A merge can be taken apart for 30 days; these are over."))
    both = Q(winner_id=row.winner_id) | Q(loser_id=row.winner_id)
    later = MergeRecord.objects.standing().filter(both, model=row.model, pk__gt=row.pk).order_by("-pk").first()
    if later is not None:
        raise IllegalState(
            "merged_since",
            _("It was merged again since, with “%(name)s”: take that apart first.") % {"name": later.loser_label},
            facts={"merge": later.pk},
        )


def _restore_fields(kind: MergeKind, winner: Any, row: MergeRecord, kept: list[dict[str, Any]]) -> None:
    """What the merge changed and nobody else since goes back; the keys that follow are made anew."""
    fields = {field.attname: field for field in stored_fields(kind.model)}
    changes: dict[str, Any] = {}
    for name, before in row.winner_before.items():
        field = fields.get(name)
        if field is None or field.name in kind.keys(winner):
            continue
        now, after = text_of(field, winner), row.winner_after[name]
        if field.name == "custom":
            changes["custom"] = _custom_back(before, after, now, kept)
        elif now == after:
            changes[name] = value_of(field, before)
        else:
            kept.append({"what": str(field.verbose_name), "why": _("changed since")})
    trial = type(winner)(**{field.attname: getattr(winner, field.attname) for field in fields.values()})
    for name, value in changes.items():
        setattr(trial, name, value)
    edit(winner, {**changes, **kind.keys(trial)})


def _custom_back(
    before: dict[str, Any], after: dict[str, Any], now: dict[str, Any], kept: list[dict[str, Any]]
) -> dict[str, Any]:
    found = dict(now)
    for key in {key for key in {*before, *after} if before.get(key) != after.get(key)}:
        if now.get(key) != after.get(key):
            kept.append({"what": key, "why": _("changed since")})
        elif key in before:
            found[key] = before[key]
        else:
            found.pop(key, None)
    return found


def _loser_back(kind: MergeKind, loser: Any, row: MergeRecord) -> dict[str, Any]:
    """It is no alias any more, and held as before, unless its holder has left meanwhile."""
    back: dict[str, Any] = {"archived_at": None, "merged_into": None}
    for name in kind.alias_follows:
        field: Any = kind.model._meta.get_field(name)
        there = field.related_model._base_manager.filter(pk=row.loser_before[field.attname])
        if name == "owner":
            there = there.filter(is_active=True)
        back[name] = there.first() or getattr(loser, name)
    return back


def _take_back(move: MergeMove, winner: Any, loser: Any, kept: list[dict[str, Any]]) -> None:
    """One row to where it was; what is not where the merge left it stays where it is."""
    field = next((one for one in relations_of(type(winner)) if key_of(one) == move.relation), None)
    if field is None:
        return
    name = str(field.model._meta.verbose_name)
    if move.kind == Kind.PUT_AWAY:
        _bring_back(move, field, name, kept)
        return
    row = field.model._base_manager.filter(pk=move.row_id).first()
    why = _why_not(row, field, winner)
    if not why and not _tried(lambda: point_at_record(field.model._base_manager.filter(pk=row.pk), field, loser.pk)):
        why = _("another has taken its place since")
    if why:
        kept.append({"what": name, "id": move.row_id, "label": str(row) if row else "", "why": why})


def _why_not(row: Any, field: Any, winner: Any) -> str:
    if row is None:
        return _("removed since")
    if getattr(row, field.attname) != winner.pk:
        return _("moved since")
    stays = decision_of(field).stays
    if isinstance(stays, Q) and type(row)._base_manager.filter(stays, pk=row.pk).exists():
        return _("issued since")
    return ""


def _bring_back(move: MergeMove, field: Any, name: str, kept: list[dict[str, Any]]) -> None:
    columns = {one.attname: one for one in stored_fields(field.model)}
    values = {name: value_of(columns[name], text) for name, text in move.row.items() if name in columns}
    gone = field.model(**values)
    if not _tried(lambda: gone.save_base(raw=True, force_insert=True)):
        kept.append(
            {"what": name, "id": move.row_id, "label": str(gone), "why": _("another has taken its place since")}
        )


def _tried(act: Any) -> bool:
    """Whether the database let it happen; if not, nothing did."""
    try:
        with transaction.atomic():
            act()
    except IntegrityError:
        return False
    return True
