"""Sequences, enrolments and mails as pages show them: every count is of the rows that the viewer sees."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.models import Contact
from accounts.selectors.timeline import TimelineEntry
from leads.models import (
    ContactPolicy,
    Enrollment,
    Lead,
    MessageTemplate,
    ReceivedMessage,
    SentMessage,
    Sequence,
    SequenceStep,
)
from revops.core.money import truncated_percent

Mail, Kind = SentMessage.Status, ReceivedMessage.Kind
# What left us: a mail that bounced was sent before it came back.
LEFT = (Mail.SENT, Mail.BOUNCED)
BAD = (Mail.BOUNCED, Mail.FAILED, Mail.CANCELLED, Mail.UNCONFIRMED)
# What a person wrote and has not arrived, or not yet.
_OPEN = Q(enrollment__isnull=True) & ~Q(status=Mail.SENT)


def _counted(rows: QuerySet[Any], by: str) -> Coalesce:
    """How many of these rows belong to the outer row, which `by` points at."""
    counted = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def sequences_shown(*, viewer: Any) -> QuerySet[Sequence]:
    """Sequences with how many steps they have, whom they reached, and how many of those answered."""
    mine = Enrollment.objects.visible_to(viewer)
    reached = mine.filter(Exists(SentMessage.objects.filter(enrollment=OuterRef("pk"), status__in=LEFT)))
    return (
        Sequence.objects.visible_to(viewer)
        .select_related("owner")
        .annotate(
            step_count=_counted(SequenceStep.objects.all(), "sequence"),
            enrolled_count=_counted(mine, "sequence"),
            running_count=_counted(mine.running(), "sequence"),
            reached_count=_counted(reached, "sequence"),
            replied_count=_counted(reached.filter(status=Enrollment.Status.REPLIED), "sequence"),
        )
    )


def reply_rate(sequence: Any) -> Decimal | None:
    """Of those who were written to, how many answered, in percent."""
    return truncated_percent(sequence.replied_count, sequence.reached_count)


def templates_shown(*, viewer: Any) -> QuerySet[MessageTemplate]:
    """Templates that are in use, with the number of steps that say them."""
    steps = SequenceStep.objects.exclude(sequence__status=Sequence.Status.ARCHIVED)
    rows = MessageTemplate.objects.visible_to(viewer).annotate(step_count=_counted(steps, "template"))
    return rows.prefetch_related("enclosed")


def enrollments_shown(*, viewer: Any) -> QuerySet[Enrollment]:
    """Enrolments with whom they reach and the step that comes next."""
    step = SequenceStep.objects.filter(sequence=OuterRef("sequence"), position=OuterRef("next_position"))
    rows = Enrollment.objects.visible_to(viewer).select_related("sequence", "sender", "lead", "contact__account")
    return rows.annotate(
        next_kind=Subquery(step.values("kind")[:1]),
        next_subject=Coalesce(Subquery(step.values("template__name")[:1]), Subquery(step.values("subject")[:1])),
    )


def mails_shown(*, viewer: Any) -> QuerySet[SentMessage]:
    """Mails with whom they went to and who writes."""
    rows = SentMessage.objects.visible_to(viewer)
    return rows.select_related(
        "step__template", "enrollment__sequence", "enrollment__lead", "enrollment__contact", "enrollment__sender",
        "lead", "contact", "sender",
    )  # fmt: skip


def received_shown(*, viewer: Any) -> QuerySet[ReceivedMessage]:
    """Mails that came in, with who wrote."""
    rows = ReceivedMessage.objects.visible_to(viewer)
    return rows.select_related(
        "enrollment__sequence", "enrollment__lead", "enrollment__contact", "enrollment__sender",
        "lead", "contact", "answers",
    )  # fmt: skip


@dataclass(frozen=True)
class StepFigures:
    """One step and what became of its mails."""

    step: SequenceStep
    waiting: int  # people whose next step it is
    sent: int
    failed: int
    bounced: int
    replied: int
    opted_out: int

    def share(self, name: str) -> Decimal | None:
        """Of the mails sent, in percent."""
        return truncated_percent(getattr(self, name), self.sent)


def step_figures(sequence: Sequence, *, viewer: Any) -> list[StepFigures]:
    """Every step with its figures, in one query."""
    mails = SentMessage.objects.visible_to(viewer)
    answered = {kind: answered_by(mails, kind) for kind in (Kind.REPLY, Kind.OPT_OUT)}
    due = Enrollment.objects.visible_to(viewer).filter(
        sequence=sequence, status__in=Enrollment.RUNNING, next_position=OuterRef("position")
    )
    waiting = due.order_by().values("next_position").annotate(n=Count("pk")).values("n")
    steps = sequence.steps.select_related("template").annotate(
        n_waiting=Coalesce(Subquery(waiting, output_field=IntegerField()), 0),
        n_sent=_counted(mails.filter(status__in=LEFT), "step"),
        n_failed=_counted(mails.filter(status__in=(Mail.FAILED, Mail.UNCONFIRMED)), "step"),
        n_bounced=_counted(mails.filter(status=Mail.BOUNCED), "step"),
        n_replied=_counted(answered[Kind.REPLY], "step"),
        n_opted_out=_counted(answered[Kind.OPT_OUT], "step"),
    )
    return [
        StepFigures(
            step=row,
            **{
                name: getattr(row, f"n_{name}")
                for name in ("waiting", "sent", "failed", "bounced", "replied", "opted_out")
            },
        )
        for row in steps.order_by("position")
    ]


def answered_by(mails: QuerySet[SentMessage], kind: str) -> QuerySet[SentMessage]:
    """Of these mails, those that somebody answered in this way."""
    return mails.filter(Exists(ReceivedMessage.objects.filter(answers=OuterRef("pk"), kind=kind)))


def states_of(sequence: Sequence, *, viewer: Any) -> list[tuple[str, str, int]]:
    """How many enrolments stand in each state that there is: (state, its words, number)."""
    rows = Enrollment.objects.visible_to(viewer).filter(sequence=sequence)
    counts = dict(rows.order_by().values_list("status").annotate(n=Count("pk")))
    return [(value, str(label), counts[value]) for value, label in Enrollment.Status.choices if value in counts]


def policy_of(person: Lead | Contact) -> ContactPolicy | None:
    """What is recorded about contacting somebody; None: nothing, so nothing stands against it."""
    return ContactPolicy.objects.filter(**about(person)).first()


def about(person: Lead | Contact) -> dict[str, Any]:
    """The field that points at a person of this kind."""
    return {"lead": person} if isinstance(person, Lead) else {"contact": person}


def enrollments_of(person: Lead | Contact, *, viewer: Any) -> QuerySet[Enrollment]:
    """A person's enrolments, those that run first."""
    ended = Case(When(status__in=Enrollment.RUNNING, then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = enrollments_shown(viewer=viewer).filter(**about(person))
    return rows.alias(ended=ended).order_by("ended", F("enrolled_at").desc(), "-pk")


def mails_about(person: Lead | Contact) -> Q:
    """Sent or received mails of this person: of their enrolments, and their own. One short query comes before."""
    keys = list(Enrollment.objects.filter(**about(person)).values_list("pk", flat=True))
    return Q(enrollment__in=keys) | Q(**about(person))


def mails_on(record: Any, limit: int) -> list[TimelineEntry]:
    """Mails to somebody, for their timeline: those of sequences that left, and those that a person wrote and that have
    not arrived. What a person sent, and what came back, stands there as an activity.
    """
    if not isinstance(record, Lead | Contact):
        return []
    left = Q(enrollment__isnull=False, status__in=LEFT, sent_at__isnull=False)
    rows = SentMessage.objects.filter(mails_about(record)).filter(left | _OPEN).order_by("-due_at", "-pk")
    return [
        TimelineEntry(
            at=row.sent_at or row.handed_at or row.created_at,
            icon="mail-off" if row.status in BAD else "send",
            title=_("Mail: %(subject)s") % {"subject": row.subject},
            who=str(row.enrollment.sender if row.enrollment else row.sender),
            text=_state(row),
            tone="warn" if row.status in BAD else "ok",
        )
        for row in rows.select_related("enrollment__sender", "sender")[:limit]
    ]


def _state(row: SentMessage) -> str:
    """What to know about a mail that is not simply sent."""
    if row.status == Mail.SENT:
        return ""
    if row.enrollment_id is not None:
        return row.error
    return f"{row.get_status_display()}: {row.error}" if row.error else str(row.get_status_display())
