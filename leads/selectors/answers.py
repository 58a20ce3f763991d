"""The first answer to a routed lead: until when it is due, and whether it came."""

from typing import Any

from django.db.models import CharField, DateTimeField, Exists, OuterRef, Q, QuerySet, Subquery

from leads.models import Assignment, Lead
from revops.core import clock

WATCHED = Q(is_current=True, clock_state__in=(Assignment.Clock.RUNS, Assignment.Clock.MET, Assignment.Clock.MISSED))


def _clocks() -> QuerySet[Assignment]:
    return Assignment.objects.filter(WATCHED, lead=OuterRef("pk"))


def with_answers(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Each lead with its clock: `answer_due_at` and `answer_clock`, both None where none ran."""
    return rows.annotate(
        answer_due_at=Subquery(_clocks().values("sla_due_at")[:1], output_field=DateTimeField()),
        answer_clock=Subquery(_clocks().values("clock_state")[:1], output_field=CharField()),
    )


def clocks_run() -> bool:
    """Whether the first answer to any lead is being waited for."""
    return Assignment.objects.filter(is_current=True, clock_state=Assignment.Clock.RUNS).exists()


def to_answer(rows: QuerySet[Lead], *, late: bool = False) -> QuerySet[Lead]:
    """Leads that nobody has begun to work on since they were given out; `late`: those past their limit."""
    clocks = _clocks().exclude(clock_state=Assignment.Clock.MET)
    if late:
        clocks = clocks.filter(sla_due_at__lt=clock.now())
    return rows.filter(Exists(clocks), status=Lead.Status.NEW)
