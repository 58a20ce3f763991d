"""How enrolments end: one way, whoever's doing it is. What waits of them is not sent any more."""

from typing import Any

from django.db.models import F, Q, QuerySet

from leads.events import EnrollmentEnded
from leads.models import Enrollment, SentMessage
from revops.core import audit, clock, copying, outbox
from revops.core.models import AuditEntry
from revops.core.status import advance

CHUNK = 1000
Status = Enrollment.Status


def end_enrollments(
    rows: QuerySet[Enrollment], *, status: Status, reason: str, actor: Any, running_only: bool = True
) -> int:
    """End those of `rows` that can end so, set-based; says how many. Their waiting mails are not sent.

    Without `running_only` also those that came to their end otherwise, where the table of states permits it.
    """
    sources = [source for source, targets in Enrollment.TRANSITIONS.items() if status in targets]
    wanted = Enrollment.RUNNING if running_only else sources
    found = list(
        rows.filter(status__in=wanted)
        .select_for_update(of=("self",))
        .select_related("sequence", "lead", "contact")
        .order_by("pk")
    )
    if not found:
        return 0
    now, keys, log = clock.now(), [row.pk for row in found], []
    for row in found:
        before = row.status
        advance(row, status, Enrollment.TRANSITIONS)
        changed = {"status": (before, row.status)}
        log.append(audit.entry("enrollment.ended", row, actor=actor, changed=changed, reason=reason))
    Enrollment.objects.filter(pk__in=keys).update(
        status=status,
        reason=reason[:200],
        ended_at=now,
        next_at=None,
        next_position=None,
        version=F("version") + 1,
        updated_at=now,
    )
    cancel_waiting(Q(enrollment__in=keys), reason)
    copying.insert(AuditEntry, log)
    outbox.publish_all(
        [EnrollmentEnded(enrollment_id=row.pk, status=str(status), lead_id=row.lead_id) for row in found]
    )
    return len(found)


def cancel_waiting(condition: Q, reason: str) -> int:
    """Mails that no server has yet are not sent; one whose last byte may have left is not touched."""
    waiting = SentMessage.objects.filter(condition, status=SentMessage.Status.WAITING, handed_at=None)
    return waiting.update(
        status=SentMessage.Status.CANCELLED, claimed_at=None, error=reason[:300], updated_at=clock.now()
    )
