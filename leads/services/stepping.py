"""The steps of sequences that are due: a mail is written to be sent, or a task is planned; the next one waits."""

import secrets
from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Sequence as Rows
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Activity, Contact
from accounts.services import plan_activity
from leads.events import EnrollmentEnded
from leads.models import Enrollment, Lead, LeadActivity, SentMessage, Sequence, SequenceStep
from leads.selectors.sequences import (
    Facts,
    facts_about,
    hours_for,
    objects,
    opt_out_line,
    person_of,
    preview,
    why_not,
)
from leads.selectors.windows import Hours, days_later, next_moment
from leads.services._ending import end_enrollments
from leads.services._papers import enclose_templates
from revops.core import clock, merging, outbox

CHUNK = 500
Status = Enrollment.Status
KINDS = {
    SequenceStep.Kind.CALL: Activity.Kind.CALL,
    SequenceStep.Kind.VISIT: Activity.Kind.VISIT,
    SequenceStep.Kind.TASK: Activity.Kind.TASK,
}


@transaction.atomic
def run_due_steps(*, actor: Any = None, most: int = CHUNK) -> int:
    """The next step of those whose moment has come, as many statements for a thousand mails as for ten; says of how
    many. Two at once take different ones, and one step makes one mail, however often it is asked for.
    """
    now = clock.now()
    due = Enrollment.objects.filter(
        status=Status.ACTIVE, next_at__lte=now, sequence__status=Sequence.Status.ACTIVE
    ).select_related("sequence", "sender", "lead", "contact__account")
    rows = _locked(due, most)
    if not rows:
        return 0
    facts, steps = facts_about([person_of(row) for row in rows]), _steps_of(rows)
    going = _take_out(rows, facts, actor)
    mails: list[tuple[Enrollment, SequenceStep]] = []
    tasks: list[tuple[Enrollment, SequenceStep]] = []
    for row in going:
        step, hours = _current(row, steps), hours_for(person_of(row), row.sequence, facts)
        if step is not None and (moment := next_moment(now, hours)) > now:
            row.next_at = moment  # the job came late: not at night
            continue
        if step is not None:
            (mails if step.kind == SequenceStep.Kind.EMAIL else tasks).append((row, step))
        _go_on(row, step, steps, now, hours)
    written = [_mail(row, step, now) for row, step in mails]
    SentMessage.objects.bulk_create(written, ignore_conflicts=True)
    enclose_templates(written, {step.pk: step.template for _row, step in mails if step.template is not None})
    for row, step in tasks:
        _plan(row, step, now)
    Enrollment.objects.bulk_update(
        going, ["status", "next_position", "next_at", "ended_at", "version", "updated_at"], batch_size=CHUNK
    )
    over = [row for row in going if row.status == Status.FINISHED]
    outbox.publish_all([EnrollmentEnded(row.pk, str(row.status), row.lead_id) for row in over])
    return len(rows)


def _locked(due: QuerySet[Enrollment], most: int) -> list[Enrollment]:
    """The next ones, locked. Their people are held before: whoever ends an enrolment has locked its person first."""
    first = list(due.order_by("next_at", "pk").values_list("pk", "lead", "contact")[:most])
    merging.standing_keys(Lead, {lead for _pk, lead, _contact in first if lead is not None})
    merging.standing_keys(Contact, {contact for _pk, _lead, contact in first if contact is not None})
    rows = due.filter(pk__in=[pk for pk, _lead, _contact in first])
    return list(rows.select_for_update(of=("self",), skip_locked=True).order_by("next_at", "pk"))


def _steps_of(rows: Rows[Enrollment]) -> Mapping[int, list[SequenceStep]]:
    found: dict[int, list[SequenceStep]] = defaultdict(list)
    steps = SequenceStep.objects.filter(sequence__in={row.sequence_id for row in rows}).select_related("template")
    for step in steps.order_by("sequence", "position"):
        found[step.sequence_id].append(step)
    return found


def _take_out(rows: Rows[Enrollment], facts: Facts, actor: Any) -> list[Enrollment]:
    """End those who may not be contacted any more; the others go on."""
    going, out = [], defaultdict(list)
    for row in rows:
        person = person_of(row)
        why = why_not(person, facts)
        if why is None:
            going.append(row)
        else:
            out[(objects(person, facts), why[1])].append(row.pk)
    for (objected, words), keys in out.items():
        status = Status.OPTED_OUT if objected else Status.STOPPED
        end_enrollments(Enrollment.objects.filter(pk__in=keys), status=status, reason=words, actor=actor)
    return going


def _current(row: Enrollment, steps: Mapping[int, list[SequenceStep]]) -> SequenceStep | None:
    """The step at which somebody stands; None when it was taken away."""
    return next((step for step in steps[row.sequence_id] if step.position == row.next_position), None)


def _go_on(
    row: Enrollment, step: SequenceStep | None, steps: Mapping[int, list[SequenceStep]], now: datetime, hours: Hours
) -> None:
    """To the next step, as many days later as it stands behind this one; behind the last is the end."""
    later = [one for one in steps[row.sequence_id] if step is not None and one.position > step.position]
    row.version, row.updated_at = row.version + 1, now
    if step is None or not later:
        row.status, row.ended_at, row.next_position, row.next_at = Status.FINISHED, now, None, None
        return
    wait = later[0].day_offset - step.day_offset
    row.next_position = later[0].position
    row.next_at = next_moment(max(now, days_later(now, wait, row.enrolled_at, hours.zone)), hours)


def _mail(row: Enrollment, step: SequenceStep, now: datetime) -> SentMessage:
    person = person_of(row)
    assert step.template is not None
    text = preview(step.template, person, row.sender)
    return SentMessage(
        enrollment=row,
        step=step,
        message_id=f"<{secrets.token_hex(16)}@{settings.INBOUND_DOMAIN}>",
        to=person.email_key,
        subject=text.subject,
        body=f"{text.body}\n\n-- \n{opt_out_line(row.token)}\n",
        due_at=now,
    )


def _plan(row: Enrollment, step: SequenceStep, now: datetime) -> None:
    """A call, a visit or a task of the sender."""
    person = merging.standing(person_of(row))
    facts: dict[str, Any] = {"account": person.account}
    if not isinstance(person, Lead):
        facts["contact"] = person
    activity = plan_activity(
        actor=None,
        kind=KINDS[SequenceStep.Kind(step.kind)],
        subject=step.subject,
        due_at=now,
        owner=row.sender,
        **facts,
    )
    if isinstance(person, Lead):
        LeadActivity.objects.create(lead=person, activity=activity)
