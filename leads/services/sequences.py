"""Sequences: drawn up, in use, paused, put away."""

from collections.abc import Mapping
from collections.abc import Sequence as Rows
from dataclasses import replace
from typing import Any, cast

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.validation import refuse_invalid, refuse_unknown, tidy
from leads.models import Enrollment, MessageTemplate, SentMessage, Sequence, SequenceStep
from leads.services._ending import end_enrollments
from revops.core import audit
from revops.core.errors import IllegalState, InvalidInput, MissingFields
from revops.core.scope import require
from revops.core.status import advance, edit, lock

FIELDS = ("name", "description", "owner", "on_weekends")
STEP_FIELDS = ("day_offset", "kind", "template", "subject")
MOST_STEPS = 30
LAST_DAY = 365
Status = Sequence.Status


@transaction.atomic
def create_sequence(*, actor: Any, name: str, **fields: Any) -> Sequence:
    """A draft without steps. Fields: name, description, owner (else the actor), on_weekends."""
    if actor is not None:
        require(actor, "leads.add_sequence")
    refuse_unknown(fields, FIELDS)
    sequence = Sequence(**tidy({"name": name, "owner": actor, **fields}))
    _check(sequence)
    sequence.save(force_insert=True)
    audit.record("sequence.created", sequence, actor=actor)
    return sequence


@transaction.atomic
def update_sequence(*, sequence: Sequence, version: int | None, actor: Any, **changes: Any) -> Sequence:
    """Change name, description, owner, or whether it runs at weekends."""
    require(actor, "leads.change_sequence")
    refuse_unknown(changes, FIELDS)
    sequence = _lock_kept(sequence, version)
    wanted = tidy(changes)
    _check(Sequence(pk=sequence.pk, **{name: wanted.get(name, getattr(sequence, name)) for name in FIELDS}))
    changed = edit(sequence, wanted)
    if changed:
        audit.record("sequence.changed", sequence, actor=actor, changed=changed)
    return sequence


@transaction.atomic
def set_steps(*, sequence: Sequence, steps: Rows[Mapping[str, Any]], version: int | None, actor: Any) -> Sequence:
    """The steps in their order, each {day_offset, kind, template, subject}; of one in use only while it is paused.

    The first stays the first: who has had step 1 goes on with step 2 as it stands then.
    """
    require(actor, "leads.change_sequence")
    sequence = _lock_kept(sequence, version)
    if sequence.status == Status.ACTIVE:
        raise IllegalState("in_use", _("People are in this sequence: pause it, then change its steps."))
    wanted = [_step(number, step) for number, step in enumerate(steps, start=1)]
    _check_order(wanted)
    there = list(sequence.steps.order_by("position"))
    surplus = [step.pk for step in there[len(wanted) :]]
    if SentMessage.objects.filter(step__in=surplus).exists():
        raise IllegalState(
            "step_was_sent", _("What was sent belongs to the last steps: they can be changed, not removed.")
        )
    before = [str(step) for step in there]
    SequenceStep.objects.filter(pk__in=surplus).delete()
    for step, old in zip(wanted, there, strict=False):
        step.pk, step.created_at = old.pk, old.created_at
    for step in wanted:
        step.sequence = sequence
        step.save()
    sequence.version += 1
    sequence.save(update_fields=["version", "updated_at"])
    changed = {"steps": (before, [str(step) for step in wanted])}
    audit.record("sequence.changed", sequence, actor=actor, changed=changed)
    return sequence


def _step(number: int, facts: Mapping[str, Any]) -> SequenceStep:
    refuse_unknown(facts, STEP_FIELDS)
    kind, template, day = facts.get("kind", ""), facts.get("template"), cast(int, facts.get("day_offset"))
    is_mail = kind == SequenceStep.Kind.EMAIL
    step = SequenceStep(
        position=number,
        day_offset=day,
        kind=kind,
        template=template if is_mail else None,
        subject="" if is_mail else str(facts.get("subject") or "").strip(),
    )
    at = f"steps.{number - 1}"
    try:
        refuse_invalid(step, ("day_offset", "kind", "subject"))
    except InvalidInput as error:
        errors = [replace(one, pointer=f"{at}.{one.pointer}") for one in error.errors]
        raise InvalidInput(error.code, error.message, errors=errors) from error
    if is_mail and not isinstance(template, MessageTemplate):
        text = _("Step %(number)s is an e-mail: choose its text.") % {"number": number}
        raise InvalidInput.of(**{f"{at}.template": text})
    if isinstance(template, MessageTemplate) and is_mail and template.archived_at is not None:
        raise InvalidInput.of(**{f"{at}.template": _("The text of step %(number)s is archived.") % {"number": number}})
    if not is_mail and not step.subject:
        raise InvalidInput.of(**{f"{at}.subject": _("Say what is to do in step %(number)s.") % {"number": number}})
    return step


def _check_order(steps: Rows[SequenceStep]) -> None:
    if len(steps) > MOST_STEPS:
        raise InvalidInput.of(steps=_("A sequence has at most %(most)s steps.") % {"most": MOST_STEPS})
    days = [step.day_offset for step in steps]
    for at, day in enumerate(days):
        if at and day < days[at - 1]:
            raise InvalidInput.of(**{f"steps.{at}.day_offset": _("No step comes before the one above it.")})
        if day > LAST_DAY:
            text = _("The last step comes within %(most)s days.") % {"most": LAST_DAY}
            raise InvalidInput.of(**{f"steps.{at}.day_offset": text})


# Its way -------------------------------------------------------------------------------------


@transaction.atomic
def activate_sequence(*, sequence: Sequence, version: int | None, actor: Any) -> Sequence:
    """It takes people, and what waited while it was paused goes on."""
    require(actor, "leads.change_sequence")
    sequence = lock(sequence, version)
    if sequence.status != Status.ARCHIVED and not sequence.steps.exists():
        raise MissingFields(_("Give it a step first."), ["steps"])
    return _move(sequence, Status.ACTIVE, "sequence.activated", actor)


@transaction.atomic
def pause_sequence(*, sequence: Sequence, version: int | None, actor: Any) -> Sequence:
    """Nothing is sent until it goes on."""
    require(actor, "leads.change_sequence")
    return _move(lock(sequence, version), Status.PAUSED, "sequence.paused", actor)


@transaction.atomic
def archive_sequence(*, sequence: Sequence, version: int | None, actor: Any) -> Sequence:
    """Its end: whoever is in it is taken out, what waits is not sent."""
    require(actor, "leads.change_sequence")
    sequence = _move(lock(sequence, version), Status.ARCHIVED, "sequence.archived", actor)
    end_enrollments(
        Enrollment.objects.filter(sequence=sequence),
        status=Enrollment.Status.STOPPED,
        reason=_("The sequence was archived."),
        actor=actor,
    )
    return sequence


def _move(sequence: Sequence, status: Status, action: str, actor: Any) -> Sequence:
    before = sequence.status
    advance(sequence, status, Sequence.TRANSITIONS)
    sequence.save(update_fields=["status", "version", "updated_at"])
    audit.record(action, sequence, actor=actor, changed={"status": (before, sequence.status)})
    return sequence


def _lock_kept(sequence: Sequence, version: int | None) -> Sequence:
    sequence = lock(sequence, version)
    if sequence.status == Status.ARCHIVED:
        raise IllegalState("archived", _("This sequence is archived: it stays as it was."))
    return sequence


def _check(sequence: Sequence) -> None:
    refuse_invalid(sequence, ("name", "description", "owner"))
    same = Sequence.objects.filter(name__iexact=sequence.name).exclude(status=Status.ARCHIVED).exclude(pk=sequence.pk)
    if same.exists():
        raise InvalidInput.of(name=_("Another sequence has this name."))
